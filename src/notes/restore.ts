/** Makes a document what it was, as an edit like any other: what came since is changed back, not forgotten. */

import * as Y from 'yjs'
import { CONTENT, inflate, TREES } from './codec.ts'
import { merged } from './editing.ts'

export const restored = (snapshot: Uint8Array) => (doc: Y.Doc) => {
  const old = new Y.Doc({ gc: false })
  try {
    Y.applyUpdateV2(old, inflate(snapshot))
    const now = doc.getText(CONTENT).toString()
    merged(now, old.getText(CONTENT).toString())(doc)
    for (const name of TREES) if (old.share.has(name) || doc.share.has(name)) restoreTree(old, doc, name)
  } finally {
    old.destroy()
  }
}

/** Trees of editors are replaced whole. What else an application keeps in the document is left alone. */
function restoreTree(old: Y.Doc, doc: Y.Doc, name: string): void {
  const source = old.getXmlFragment(name)
  const target = doc.getXmlFragment(name)
  if (source.toString() === target.toString()) return
  target.delete(0, target.length)
  target.insert(0, source.toArray().map((child) => child.clone()) as (Y.XmlElement | Y.XmlText)[])
}

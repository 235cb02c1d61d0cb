/** A document that begins with a text, as its first update. */

import * as Y from 'yjs'
import { CONTENT } from './codec.ts'

export function seed(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText(CONTENT).insert(0, text)
  const update = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return update
}

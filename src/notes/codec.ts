/** From parts of a log to a document, and from a document to a snapshot. Runs here or in a worker. */

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import * as Y from 'yjs'

/** The bytes of a document, as they come from a log. */
export interface DocumentParts {
  readonly gc: boolean
  readonly snapshot: Uint8Array | undefined
  readonly updates: readonly Uint8Array[]
}

/** Under this name documents have their text. Editors bind to it: `doc.getText('content')`. */
export const CONTENT = 'content'

export interface Compacted {
  /** A snapshot, or undefined while updates wait for others that they build on. */
  readonly data: Uint8Array | undefined
  readonly text: string
  readonly clients: number
}

/** Under these names editors keep their trees of paragraphs. */
export const TREES = ['default', 'prosemirror'] as const

/** In one transaction, which is several times faster than one for each update. */
export function applyParts(
  doc: Y.Doc,
  { snapshot, updates }: Omit<DocumentParts, 'gc'>,
  origin?: unknown,
): void {
  doc.transact(() => {
    if (snapshot !== undefined) Y.applyUpdateV2(doc, inflate(snapshot), origin)
    for (const update of updates) Y.applyUpdate(doc, update, origin)
  }, origin)
}

export function buildDocument(parts: DocumentParts): Y.Doc {
  const doc = new Y.Doc({ gc: parts.gc })
  applyParts(doc, parts)
  return doc
}

export function compact(parts: DocumentParts): Compacted {
  const doc = buildDocument(parts)
  try {
    const text = textOf(doc)
    const clients = doc.store.clients.size
    if (isWaiting(doc)) return { data: undefined, text, clients }
    return { data: encodeSnapshot(doc), text, clients }
  } finally {
    doc.destroy()
  }
}

/** Whether updates wait for others that they build on. */
export function isWaiting({ store }: Y.Doc): boolean {
  return store.pendingStructs !== null || store.pendingDs !== null
}

/** The whole document: V2 is smaller than V1, and deflated a third of it. */
export function encodeSnapshot(doc: Y.Doc): Uint8Array {
  return new Uint8Array(deflateRawSync(Y.encodeStateAsUpdateV2(doc), { level: 1 }))
}

/** The V1 update that a snapshot is, for clients. */
export function snapshotAsUpdate(snapshot: Uint8Array): Uint8Array {
  return Y.convertUpdateFormatV2ToV1(inflate(snapshot))
}

export function inflate(snapshot: Uint8Array): Uint8Array {
  return new Uint8Array(inflateRawSync(snapshot))
}

/**
 * The plain text: of `content`, or else of an editor's tree of paragraphs (`default`, `prosemirror`), one
 * line for each. A document of another shape has none. What a database cannot store as text is replaced.
 */
export function textOf(doc: Y.Doc): string {
  const root = rootOf(doc, CONTENT, Y.Text)
  const content = root === undefined ? '' : Y.Text.prototype.toString.call(root)
  const tree =
    content === '' ? TREES.map((name) => rootOf(doc, name, Y.XmlFragment)).find(Boolean) : undefined
  const text = tree === undefined ? content : linesOf(tree).join('\n')
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\ufffd')
}

/**
 * What has this name, if it can be of this kind. A type that nobody has asked for yet may be any, and stays so: an
 * application that opens the document is free to ask.
 */
function rootOf<T extends Y.Text | Y.XmlFragment>(
  doc: Y.Doc,
  name: string,
  kind: new () => T,
): T | undefined {
  const type: unknown = doc.share.get(name)
  if (type instanceof kind) return type
  // The cast: the methods of the kinds need but what all types have.
  return type?.constructor === Y.AbstractType ? (type as T) : undefined
}

/** Not by recursion, for a tree may be deeper than the stack. */
function linesOf(root: Y.XmlFragment): string[] {
  const lines: string[] = []
  const waiting = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const children: unknown[] = Y.XmlFragment.prototype.toArray.call(node)
    const line = children.map((child) => (child instanceof Y.XmlText ? plainText(child) : '')).join('')
    const elements = children.filter((child) => child instanceof Y.XmlElement)
    if (line !== '' || elements.length === 0) lines.push(line)
    for (const element of elements.reverse()) waiting.push(element)
  }
  return lines
}

function plainText(text: Y.XmlText): string {
  return text
    .toDelta()
    .map(({ insert }: { insert: unknown }) => (typeof insert === 'string' ? insert : ''))
    .join('')
}

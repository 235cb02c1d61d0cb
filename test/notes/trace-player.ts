/** Plays traces into Yjs documents. */

import * as Y from 'yjs'
import { CONTENT } from '../../src/notes/codec.ts'
import type { Trace, Transaction } from './trace.ts'

export interface Typist {
  /** Types what the author typed, as one transaction of Yjs's. */
  type(transaction: Transaction): void
}

/** Types into a document that nobody else changes in the meantime. */
export function createTypist(doc: Y.Doc, actor?: string): Typist {
  const text = doc.getText(CONTENT)
  /** What the document says, once a character of two units is in it; until then, points are units. */
  let content = contentIfWide(text.toString(), text)
  /** One place of it, in code points and as Yjs counts. */
  let [points, units] = [0, 0]

  function unitsAt(position: number): number {
    if (content === undefined) return position
    while (points < position) {
      units += content.codePointAt(units)! > 0xffff ? 2 : 1
      points++
    }
    while (points > position) {
      units -= isLow(content.charCodeAt(units - 1)) ? 2 : 1
      points--
    }
    return units
  }

  return {
    type({ patches }) {
      doc.transact(
        () => {
          for (const [position, removed, inserted] of patches) {
            content ??= contentIfWide(inserted, text)
            const until = unitsAt(position + removed)
            const from = unitsAt(position)
            if (content !== undefined) content = content.slice(0, from) + inserted + content.slice(until)
            if (until > from) text.delete(from, until - from)
            if (inserted !== '') text.insert(from, inserted)
          }
        },
        { actor },
      )
    },
  }
}

const contentIfWide = (sample: string, text: Y.Text) =>
  /[\ud800-\udfff]/.test(sample) ? text.toString() : undefined

const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff

/** The update that each transaction of a trace is, made by a document per author who knows what its parents knew. */
export function updatesOf(trace: Trace): { readonly agent: number; readonly update: Uint8Array }[] {
  const updates: { agent: number; update: Uint8Array }[] = []
  const authors = Array.from({ length: trace.agents }, (_, agent) => {
    const doc = new Y.Doc({ gc: false })
    doc.clientID = agent + 1
    return { doc, known: new Set<number>(), typist: createTypist(doc) }
  })
  for (const [i, transaction] of trace.transactions.entries()) {
    const author = authors[transaction.agent]!
    const missing = unknown(trace, transaction.parents, author.known)
    if (missing.length > 0) {
      author.doc.transact(() => {
        for (const each of missing) Y.applyUpdate(author.doc, updates[each]!.update)
      })
      for (const each of missing) author.known.add(each)
      author.typist = createTypist(author.doc)
    }
    const before = Y.encodeStateVector(author.doc)
    let update: Uint8Array | undefined
    const keep = (made: Uint8Array) => {
      update = made
    }
    author.doc.on('update', keep)
    author.typist.type(transaction)
    author.doc.off('update', keep)
    // A transaction that changes nothing is an update all the same.
    updates.push({ agent: transaction.agent, update: update ?? Y.encodeStateAsUpdate(author.doc, before) })
    author.known.add(i)
  }
  for (const { doc } of authors) doc.destroy()
  return updates
}

/** What an author who sees these has not seen yet, in order. */
function unknown(trace: Trace, parents: readonly number[], known: ReadonlySet<number>): number[] {
  const missing = new Set<number>()
  const open = [...parents]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (known.has(next) || missing.has(next)) continue
    missing.add(next)
    open.push(...trace.transactions[next]!.parents)
  }
  return [...missing].sort((a, b) => a - b)
}

/** Updates from elsewhere, which may come from a stranger. */

import * as Y from 'yjs'
import { ValidationError } from '../errors.ts'
import { notes } from '../schema/notes.ts'
import { type NoteLimits, tooMuch } from './limits.ts'
import { deepestOf } from './nesting.ts'

/**
 * Looks into an update before it is let into the document, all of it. Throws `ValidationError` for what is none, and for
 * what would exceed a limit.
 */
export function checkUpdate(doc: Y.Doc, update: Uint8Array, limits: NoteLimits): void {
  let decoded: ReturnType<typeof Y.decodeUpdate>
  try {
    decoded = Y.decodeUpdate(update)
  } catch (error) {
    throw new ValidationError('notes: this is no Yjs update (V1)', notes.name, undefined, { cause: error })
  }
  const parts = [...decoded.ds.clients.values()].reduce(
    (sum, { length }) => sum + length,
    decoded.structs.length,
  )
  if (parts > limits.updateParts) throw tooMuch('an update has parts:', parts, limits.updateParts)
  const { store } = doc
  const fresh = new Set<number>()
  for (const { id } of decoded.structs) if (!store.clients.has(id.client)) fresh.add(id.client)
  const clients = store.clients.size + fresh.size
  if (clients > limits.clients) throw tooMuch('the document would have writers:', clients, limits.clients)
  const deepest = deepestOf(doc, decoded.structs)
  if (deepest > limits.nesting)
    throw tooMuch('the document would be nested to a depth of', deepest, limits.nesting)
  const waiting = (store.pendingStructs?.update.length ?? 0) + (store.pendingDs?.length ?? 0)
  if (waiting + update.length <= limits.pendingBytes || !hasToWait(doc, decoded)) return
  throw tooMuch('bytes wait for what they build on:', waiting + update.length, limits.pendingBytes)
}

/** Whether an update builds on what is neither in the document nor in the update before it. */
function hasToWait(doc: Y.Doc, { structs, ds }: ReturnType<typeof Y.decodeUpdate>): boolean {
  const states = Y.decodeStateVector(Y.encodeStateVector(doc))
  const isKnown = (client: number, end: number) => end <= (states.get(client) ?? 0)
  for (const { id, length } of structs) {
    if (!isKnown(id.client, id.clock)) return true
    states.set(id.client, Math.max(states.get(id.client) ?? 0, id.clock + length))
  }
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue
    for (const id of [struct.origin, struct.rightOrigin, struct.parent]) {
      if (id instanceof Y.ID && !isKnown(id.client, id.clock + 1)) return true
    }
  }
  return [...ds.clients].some(([client, items]) =>
    items.some(({ clock, len }) => !isKnown(client, clock + len)),
  )
}

/**
 * A process that shares notes with others: `node live-worker.ts <LiveOrders as JSON>`. It does what it is told, line
 * by line, and answers each; what it is told by `watch` it says by itself.
 */

import { createInterface } from 'node:readline'
import type * as Y from 'yjs'
import { CONTENT } from '../../src/notes/codec.ts'
import { createSystem } from '../../src/system.ts'
import { openTarget, type Target } from './crash-orders.ts'

export interface LiveOrders {
  readonly target: Target
  readonly pollMs?: number
}

export type LiveOrder =
  | { readonly do: 'append'; readonly noteId: string; readonly text: string }
  | { readonly do: 'create'; readonly workspaceId: string; readonly title: string }
  | { readonly do: 'delete'; readonly noteId: string }
  | { readonly do: 'open'; readonly noteId: string }
  /** Answers once the document, which is open, says this. */
  | { readonly do: 'await'; readonly noteId: string; readonly text: string }
  | { readonly do: 'compact'; readonly noteId: string }

const { target, pollMs }: LiveOrders = JSON.parse(process.argv[2]!)
const system = await createSystem({ engine: await openTarget(target), notes: { retainMs: 0, pollMs } })
/** By note. */
const open = new Map<string, Y.Doc>()

async function obey(order: LiveOrder): Promise<unknown> {
  switch (order.do) {
    case 'append':
      return (await system.notes.append(order.noteId, order.text)).seq
    case 'create':
      return (await system.notes.create({ workspaceId: order.workspaceId, title: order.title })).id
    case 'delete':
      return system.notes.delete(order.noteId)
    case 'open': {
      const doc = await system.notes.open(order.noteId)
      open.set(order.noteId, doc)
      return doc.getText(CONTENT).toString()
    }
    case 'await': {
      // Not opened again, which would look for what is new.
      const doc = open.get(order.noteId)!
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        if (doc.getText(CONTENT).toString() === order.text) resolve()
      }
      doc.on('update', look)
      look()
      await promise
      doc.off('update', look)
      return null
    }
    case 'compact':
      return system.notes.compact(order.noteId)
  }
}

process.stdout.write('"ready"\n')
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(JSON.parse(line)))}\n`)
}
await system.close()

/**
 * One of two processes that type a trace in turns: `node trace-writer.ts <TypistOrders as JSON>`. It types stretches
 * as it is told, line by line, and answers each when all of it is durable.
 */

import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import { createSystem } from '../../src/system.ts'
import { openTarget, type Target } from './crash-orders.ts'
import { readTrace, SINGLE, type Transaction } from './trace.ts'
import { createTypist } from './trace-player.ts'

export interface TypistOrders {
  readonly target: Target
  readonly noteId: string
  readonly size: number
}

export interface Stretch {
  readonly from: number
  readonly to: number
  /** By the live document, or by a client's updates. */
  readonly by: 'document' | 'updates'
}

/** Edits of one tick, as of somebody who pastes or an agent that streams; or of one update, of a client that waits. */
const TOGETHER = 64
/** Updates on their way at the same time. */
const UNDER_WAY = 16

const { target, noteId, size }: TypistOrders = JSON.parse(process.argv[2]!)
const trace = readTrace(SINGLE, size)
const system = await createSystem({ engine: await openTarget(target) })
const actor = `typist ${process.pid}`

async function typeLive(transactions: readonly Transaction[]): Promise<void> {
  const typist = createTypist(await system.notes.open(noteId), actor)
  for (let i = 0; i < transactions.length; i += TOGETHER) {
    for (const transaction of transactions.slice(i, i + TOGETHER)) typist.type(transaction)
    await new Promise(setImmediate)
  }
  await system.notes.close(noteId)
}

async function typeUpdates(transactions: readonly Transaction[]): Promise<void> {
  const client = new Y.Doc()
  Y.applyUpdate(client, Y.encodeStateAsUpdate(await system.notes.open(noteId)))
  const typist = createTypist(client)
  const updates: Uint8Array[] = []
  client.on('update', (update: Uint8Array) => updates.push(update))
  for (let i = 0; i < transactions.length; i += TOGETHER * UNDER_WAY) {
    for (let k = i; k < i + TOGETHER * UNDER_WAY; k += TOGETHER) {
      client.transact(() => {
        for (const transaction of transactions.slice(k, k + TOGETHER)) typist.type(transaction)
      })
    }
    await Promise.all(updates.splice(0).map((update) => system.notes.applyUpdate(noteId, update, { actor })))
  }
  await system.notes.close(noteId)
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const { from, to, by }: Stretch = JSON.parse(line)
  const transactions = trace.transactions.slice(from, to)
  await (by === 'document' ? typeLive(transactions) : typeUpdates(transactions))
  process.stdout.write('typed\n')
}
await system.close()

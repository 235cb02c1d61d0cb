/**
 * Uses notes ten thousand times, in two halves, and says how large the heap was after each: `node --expose-gc
 * leak-worker.ts <folder or ''>`. It ends by itself, or something is left behind.
 */

import { createSystem } from '../../src/system.ts'

const ROUNDS = 10_000
const NOTES = 200

const path = process.argv[2]
const system = await createSystem({
  ...(path ? { driver: 'sqlite', path } : { driver: 'memory' }),
  env: {},
  // In memory, a log that is kept is on the heap.
  notes: { retainMs: 0 },
})
const { id: workspaceId } = await system.workspaces.create({ title: 'Leaks' })
const ids: string[] = []
for (let i = 0; i < NOTES; i++) {
  // The first is long enough to be compacted in a worker.
  const text = 'A'.repeat(i === 0 ? 20_000 : 1)
  ids.push((await system.notes.create({ workspaceId, title: `Note ${i}`, text })).id)
}

/** What was opened, edited, watched and closed leaves nothing behind. */
async function half(): Promise<number> {
  const together = 50
  for (let i = 0; i < ROUNDS / 2; i += together) {
    await Promise.all(
      Array.from({ length: together }, async (_, k) => {
        const id = ids[(i + k) % NOTES]!
        await system.notes.open(id)
        // As long as before, so that documents do not grow by what is written.
        const { text } = await system.notes.read(id)
        const old = text.slice(0, 1)
        await system.notes.edit(id, text, (old === 'A' ? 'B' : 'A') + text.slice(1))
        await system.notes.close(id)
      }),
    )
    const watching = new AbortController()
    const events = system.notes.watch({ workspaceId }, { signal: watching.signal })
    watching.abort()
    for await (const _event of events) break
  }
  for (const id of ids) await system.notes.compact(id)
  return heapUsed()
}

function heapUsed(): number {
  for (let i = 0; i < 3; i++) globalThis.gc!()
  return process.memoryUsage().heapUsed
}

process.on('unhandledRejection', (error) => {
  console.error('unhandled', error)
  process.exitCode = 1
})
const heaps = [await half(), await half()]
await system.close()
await new Promise(setImmediate)
const left = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate')
process.stdout.write(`${JSON.stringify({ heaps, left })}\n`)

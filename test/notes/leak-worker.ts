/**
 * Uses notes ten thousand times, in stretches, and says how large the heap was after each: `node --expose-gc
 * leak-worker.ts <file or ''>`. It ends by itself, or something is left behind.
 */

import { createSystem } from '../../src/system.ts'

const ROUNDS = 10_000
const STRETCHES = 4
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
async function stretch(): Promise<number> {
  const together = 50
  for (let i = 0; i < ROUNDS / STRETCHES; i += together) {
    await Promise.all(
      Array.from({ length: together }, async (_, k) => {
        const id = ids[(i + k) % NOTES]!
        await system.notes.open(id)
        if (k % 5 === 0) await editOf(id)
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

/** As long as before, so that documents do not grow by what is written. */
async function editOf(id: string): Promise<void> {
  const { text } = await system.notes.read(id)
  await system.notes.edit(id, text, (text.startsWith('A') ? 'B' : 'A') + text.slice(1))
}

function heapUsed(): number {
  for (let i = 0; i < 3; i++) globalThis.gc!()
  return process.memoryUsage().heapUsed
}

process.on('unhandledRejection', (error) => {
  console.error('unhandled', error)
  process.exitCode = 1
})
const heaps: number[] = []
for (let i = 0; i < STRETCHES; i++) heaps.push(await stretch())
await system.close()
await new Promise(setImmediate)
const left = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate')
process.stdout.write(`${JSON.stringify({ heaps, left })}\n`)

/** A thousand browsers at one process: what they wait for, what it takes, and whether anything is lost. */

import { setTimeout as sleep } from 'node:timers/promises'
import { createSystem } from '../../src/system.ts'
import { startChild } from '../../test/support/child.ts'
import type { EditorsOptions, Waits } from '../children/editors.ts'
import { tempFolder } from '../fixtures/folder.ts'
import { quick } from '../measure.ts'
import { exactly, type Group, type Row } from '../row.ts'

const NOTES = 50
const CLIENTS = quick ? 200 : 1000
const PROCESSES = 2
const SECONDS = quick ? 5 : 30

export async function served(): Promise<Group> {
  return {
    title: 'A thousand browsers',
    method: `${CLIENTS} clients at ${NOTES} notes of one server process with \`terrace/server\`, on a SQLite file, for ${SECONDS} seconds. An edit is waited for until another client of its note has it. The clients are ${PROCESSES} other processes on the same two cores.`,
    rows: [
      ...(await over('WebSockets, an edit a second each', 'ws', 1)),
      ...(await over('server-sent events and POST, an edit in five seconds each', 'http', 0.2)),
    ],
  }
}

async function over(what: string, protocol: 'ws' | 'http', editsPerSecond: number): Promise<Row[]> {
  await using folder = await tempFolder()
  const path = folder.file('served.db')
  const { workspaceId, noteIds } = await createNotes(path)
  await using server = startChild(new URL('../children/served.ts', import.meta.url), { args: [path] })
  const port = Number(await server.line())
  const editors: Omit<EditorsOptions, 'process'> = {
    url: `${protocol}://127.0.0.1:${port}/notes`,
    noteIds,
    perNote: CLIENTS / NOTES / PROCESSES,
    editsPerSecond,
    seconds: SECONDS,
  }
  const program = new URL('../children/editors.ts', import.meta.url)
  const children = Array.from({ length: PROCESSES }, (_, process) =>
    startChild(program, { args: [JSON.stringify({ ...editors, process })] }),
  )
  for (const child of children) await child.line()
  await sleep(1000)
  for (const child of children) child.say('go')
  const lines = await Promise.all(children.map((child) => child.line()))
  const waits = lines.flatMap((line) => JSON.parse(line) as Waits).flat()
  server.say('memory')
  const bytes = Number(await server.line())
  await server[Symbol.asyncDispose]()
  const edits = waits.length
  const kept = await countEdits(path, workspaceId)
  const at = (q: number) => quantile(waits, q)
  return [
    {
      work: `${what}: what they wait for 99 of 100 edits`,
      unit: 'ms until another client has it',
      target: { atMost: 250 },
      measured: { median: at(0.99), min: at(0.5), max: at(1) },
      note: `${edits} edits; half of them within ${at(0.5).toFixed(0)} ms and all within ${at(1).toFixed(0)}, which stand beside it`,
    },
    {
      work: `${what}: the most memory of that process`,
      unit: 'MB',
      target: { atMost: 512 },
      measured: exactly(Math.round(bytes / 1e6)),
    },
    {
      work: `${what}: edits that are not in the file afterwards`,
      unit: `of ${edits}`,
      target: { atMost: 0 },
      measured: exactly(edits - kept),
    },
  ]
}

async function createNotes(path: string): Promise<{ workspaceId: string; noteIds: string[] }> {
  await using system = await createSystem({ driver: 'sqlite', path, env: {} })
  const { id: workspaceId } = await system.workspaces.create({ title: 'Bench' })
  const noteIds: string[] = []
  for (let i = 0; i < NOTES; i++) noteIds.push((await system.notes.create({ workspaceId, title: `${i}` })).id)
  return { workspaceId, noteIds }
}

/** What a System reads that had no part in it. */
async function countEdits(path: string, workspaceId: string): Promise<number> {
  await using system = await createSystem({ driver: 'sqlite', path, env: {} })
  const { items } = await system.notes.list({ workspaceId }, { limit: NOTES })
  const texts = await Promise.all(items.map(({ id }) => system.notes.read(id)))
  return texts.reduce((sum, { text }) => sum + (text.match(/edit:\d{8}/g)?.length ?? 0), 0)
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

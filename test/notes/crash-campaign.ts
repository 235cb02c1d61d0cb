/**
 * Kills processes that write notes, again and again, and looks after each round whether everything is there that
 * they were told is there. The same seed makes the same plans; when exactly a process dies is up to the machine.
 */

import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import type { RootEngine } from '../../src/engine/engine.ts'
import { buildDocument, isWaiting, textOf } from '../../src/notes/codec.ts'
import { noteHeads, noteSnapshots, noteTexts, noteUpdates } from '../../src/schema/notes.ts'
import { createSystem, type System } from '../../src/system.ts'
import { startChild } from '../support/child.ts'
import { bundleProgram } from '../support/program.ts'
import {
  flagsFor,
  openTarget,
  type Said,
  STOPS,
  type Stop,
  type Target,
  type WriterOrders,
} from './crash-orders.ts'
import { createRandom, type Random } from './random.ts'

export interface Campaign {
  readonly target: Target
  readonly kills: number
  readonly seed: number
  /** Told after each round that went well. */
  readonly progress?: (report: Report) => void
}

export interface Report {
  readonly kills: number
  /** Edits that were acknowledged, all of which are there. */
  readonly acknowledged: number
  /** How often writers were killed at which point; `anywhere` is at a random moment. */
  readonly stops: Readonly<Record<Stop | 'anywhere', number>>
}

const NOTES = 3
/** Rounds after which there are new notes: old ones only take time to read. */
const ROUNDS_PER_NOTES = 2

/** How many write at a time, and how many of them die before somebody looks. */
const crewOf = ({ tier }: Target) =>
  // A PGlite folder is for one process at a time, which takes seconds to open it.
  tier === 'pglite' ? { lanes: 1, round: 4 } : { lanes: 4, round: 9 }

/** How one writer lives and dies. */
interface Plan {
  readonly orders: WriterOrders
  /** Without a place to stop at: the lines that it says before it is killed, and milliseconds after the last. */
  readonly lines: number
  readonly delay: number
}

interface Place {
  readonly workspaceId: string
  readonly noteIds: readonly string[]
}

/** What was acknowledged, and whether in its second form. */
type Acknowledged = Map<string, boolean>

export async function crashCampaign({ target, kills, seed, progress }: Campaign): Promise<Report> {
  const random = createRandom(seed)
  const program = await bundleProgram(new URL('./crash-writer.ts', import.meta.url))
  const { lanes, round } = crewOf(target)
  const stops = { appended: 0, installing: 0, deleting: 0, installed: 0, removing: 0, anywhere: 0 }
  let killed = 0
  let total = 0
  const acknowledged: Acknowledged = new Map()
  let place = await withSystem(target, newNotes)

  try {
    for (let number = 1; killed < kills; number++) {
      const count = Math.min(round, kills - killed)
      const plans = Array.from({ length: count }, (_, i) => planOf(target, place, `w${killed + i}`, random))
      const left = [...plans]
      const lane = async () => {
        for (let plan = left.shift(); plan !== undefined; plan = left.shift()) {
          await runAndKill(program, plan, acknowledged)
        }
      }
      await Promise.all(Array.from({ length: lanes }, lane))
      killed += count
      for (const { orders } of plans) stops[orders.stop ?? 'anywhere']++

      const isLast = number % ROUNDS_PER_NOTES === 0 || killed >= kills
      const compacts = isLast || random.chance(0.5)
      place = await withSystem(target, async (system) => {
        await verify(system, place, acknowledged, compacts)
        return isLast && killed < kills ? newNotes(system) : place
      })
      progress?.({ kills: killed, acknowledged: total + acknowledged.size, stops })
      if (!isLast) continue
      total += acknowledged.size
      acknowledged.clear()
    }
  } catch (error) {
    throw new Error(`crash campaign on ${target.tier}, seed ${seed}, after ${killed} kills`, { cause: error })
  }
  return { kills: killed, acknowledged: total, stops }
}

async function withSystem<R>(target: Target, work: (system: System) => Promise<R>): Promise<R> {
  await using system = await createSystem({ engine: await openTarget(target), notes: { retainMs: 0 } })
  return await work(system)
}

async function newNotes(system: System): Promise<Place> {
  const { id: workspaceId } = await system.workspaces.create({ title: 'Crashes' })
  const noteIds: string[] = []
  for (let i = 0; i < NOTES; i++) {
    noteIds.push((await system.notes.create({ workspaceId, title: `Note ${i}`, text: '🙂 é\n' })).id)
  }
  return { workspaceId, noteIds }
}

function planOf(target: Target, { noteIds }: Place, name: string, random: Random): Plan {
  const stop = random.chance(0.5) ? random.pick(STOPS) : null
  return {
    orders: { target, name, noteIds, seed: random.below(2 ** 31), stop },
    lines: 1 + random.below(60),
    delay: random.below(5),
  }
}

/** Lets it write until it is where it should die, and takes down what was acknowledged to it until then. */
async function runAndKill(
  program: URL,
  { orders, lines, delay }: Plan,
  acknowledged: Acknowledged,
): Promise<void> {
  await using child = startChild(program, {
    args: [JSON.stringify(orders)],
    execArgv: flagsFor(orders.target),
  })
  const isStop = (said: Said) => {
    if ('stopped' in said) return true
    acknowledged.set(said.m, said.done)
    return false
  }
  for (let i = 0; orders.stop !== null || i < lines; i++) if (isStop(JSON.parse(await child.line()))) break
  if (orders.stop === null) await setTimeout(delay)
  child.kill('SIGKILL')
  const { signal, stderr } = await child.ended
  assert.deepEqual([signal, stderr], ['SIGKILL', ''])
  for (const line of child.lines) isStop(JSON.parse(line))
}

async function verify(
  system: System,
  { workspaceId, noteIds }: Place,
  acknowledged: Acknowledged,
  compacts: boolean,
): Promise<void> {
  const [newest] = [...acknowledged.keys()].slice(-1)
  if (newest !== undefined) {
    const found = await Promise.all(
      ['', '!'].map((done) => system.notes.search(workspaceId, `<${newest}${done}>`)),
    )
    assert.equal(found.flat().length, 1, `${newest} is not found by a search`)
  }
  const seen = new Map<string, boolean>()
  for (const noteId of noteIds) {
    const { text } = await system.notes.read(noteId)
    for (const [marker, name, done] of text.matchAll(/<([\w.]+)(!?)>/g)) {
      assert.ok(!seen.has(name!), `${marker} is there twice`)
      seen.set(name!, done === '!')
    }
    await verifyLog(system.engine, noteId, text)
    if (!compacts) continue
    const { seq, snapshotSeq } = (await system.engine.get(noteHeads, noteId))!
    assert.equal(await system.notes.compact(noteId), seq > snapshotSeq, 'compaction no longer works')
    assert.equal((await system.notes.read(noteId)).text, text, 'compaction changed the text')
    await verifyLog(system.engine, noteId, text)
    assert.equal((await system.engine.get(noteHeads, noteId))?.snapshotSeq, seq, 'not all was compacted')
    if (seq === snapshotSeq) continue
    // Whatever a writer left behind that died before it removed older ones.
    const snapshots = await system.engine.find(noteSnapshots, { where: { noteId } })
    assert.ok(snapshots.length <= 2, `${snapshots.length} snapshots are left`)
  }
  const missing = [...acknowledged].filter(([m, done]) => !seen.has(m) || (done && !seen.get(m)))
  assert.deepEqual(missing, [], 'what was acknowledged is missing')
}

/** Nobody is writing. */
async function verifyLog(engine: RootEngine, noteId: string, text: string): Promise<void> {
  const head = (await engine.get(noteHeads, noteId))!
  const orderBy = [['seq', 'asc']] as const
  const updates = await engine.find(noteUpdates, { where: { noteId }, orderBy })
  const snapshots = await engine.find(noteSnapshots, { where: { noteId }, orderBy })
  const kept = Array.from({ length: head.seq - head.floorSeq }, (_, i) => head.floorSeq + 1 + i)
  assert.deepEqual(
    updates.map(({ seq }) => seq),
    kept,
    'the log has gaps, or does not end where its head says',
  )
  assert.ok(head.floorSeq <= head.snapshotSeq, 'updates are gone that are in no snapshot')
  const tail = updates.filter(({ seq }) => seq > head.snapshotSeq)
  const snapshot = snapshots.at(-1)
  assert.equal(snapshot?.seq ?? 0, head.snapshotSeq, 'the newest snapshot is not the one that the head names')
  assert.deepEqual(
    { tailBytes: head.tailBytes, stateBytes: head.stateBytes },
    {
      tailBytes: tail.reduce((sum, { data }) => sum + data.length, 0),
      stateBytes: snapshot?.data.length ?? 0,
    },
    'the head counts bytes that are not there',
  )
  const doc = buildDocument({ gc: true, snapshot: snapshot?.data, updates: tail.map(({ data }) => data) })
  assert.ok(!isWaiting(doc), 'an update is missing that another one builds on')
  assert.equal(textOf(doc), text, 'snapshot and tail are not what is read')
  doc.destroy()

  const deadline = performance.now() + 20_000
  for (;;) {
    const stored = await engine.get(noteTexts, noteId)
    if (stored?.seq === head.seq) return assert.equal(stored.text, text, 'the stored text is another')
    assert.ok(performance.now() < deadline, `the stored text stays behind at ${stored?.seq} of ${head.seq}`)
    await setTimeout(5)
  }
}

/**
 * A process that is there to be killed: `node crash-writer.ts <WriterOrders as JSON>`. It edits a few notes in every
 * way there is, until it is killed. What it says, line by line, is what was acknowledged to it; and, if it was told to
 * stop at some point, that it has come there and does nothing more.
 */

import { flushCompileCache } from 'node:module'
import * as Y from 'yjs'
import type { RootEngine, Step } from '../../src/engine/engine.ts'
import { UnavailableError } from '../../src/errors.ts'
import { CONTENT } from '../../src/notes/codec.ts'
import { noteSnapshots, noteUpdates } from '../../src/schema/notes.ts'
import { createSystem, type System } from '../../src/system.ts'
import { openTarget, type Said, type Stop, type WriterOrders } from './crash-orders.ts'
import { createRandom, type Random } from './random.ts'

const orders: WriterOrders = JSON.parse(process.argv[2]!)
const random = createRandom(orders.seed)

/** So many lines in, it has run what it will run. */
const WARM = 20
let lines = 0
/** Edits in a row that were not acknowledged. */
let refused = 0

function say(what: Said): void {
  refused = 0
  process.stdout.write(`${JSON.stringify(what)}\n`)
  // Whoever is killed does not come to it by itself, and all that follow would compile everything anew.
  if (++lines === WARM) flushCompileCache()
}

/** How often the point is passed before it counts. */
let passes = orders.stop === 'appended' ? random.below(40) : random.below(3)
/** Its parent will not be there for longer than this, and it should not outlive it for ever. */
const PATIENCE = 600_000

/** Nothing runs in this process any more; what was said is with the parent already. */
function stopAt(point: Stop): void {
  if (orders.stop !== point || passes-- > 0) return
  say({ stopped: point })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE)
  process.exit(1)
}

/** The engine, stopping where it was told to. */
function stopping(engine: RootEngine): RootEngine {
  const inserts = (steps: readonly Step[], table: unknown) =>
    steps.some((step) => 'insert' in step && step.insert === table)
  return {
    ...engine,
    async write(write, options) {
      const isSnapshot = inserts(write.steps, noteSnapshots)
      if (isSnapshot) stopAt('installing')
      const row = await engine.write(write, options)
      if (isSnapshot) stopAt('installed')
      else if (inserts(write.steps, noteUpdates)) stopAt('appended')
      return row
    },
    async remove(table, query, options) {
      // The cast: the tables are compared, and nothing else of them is used.
      if ((table as unknown) === noteSnapshots) stopAt('removing')
      return engine.remove(table, query, options)
    },
  }
}

const engine = await openTarget(orders.target, {
  query({ sql }) {
    if (/delete from "?terrace_note_updates/i.test(sql)) stopAt('deleting')
  },
})
const system = await createSystem({
  engine: stopping(engine),
  notes: { retainMs: random.chance(0.8) ? 0 : 1000, idleDocuments: random.pick([1, 64]) },
})

// Nobody is left to kill it.
process.stdin.on('end', () => process.exit(1)).resume()

/** Of edits, so many percent are followed by a compaction: more if that is where it should die. */
const compactions = orders.stop === null || orders.stop === 'appended' ? 0.1 : 0.4
let count = 0
/** Documents of somebody who is connected here, by note. */
const clients = new Map<string, Y.Doc>()
await Promise.all([...Array(3).keys()].map(() => edits(system, random)))

async function edits(system: System, random: Random): Promise<never> {
  for (;;) {
    const noteId = random.pick(orders.noteIds)
    // Several in one tick make up one group.
    await Promise.all(
      [...Array(1 + random.below(4)).keys()].map(() => edit(system, noteId, random).catch(unlessBusy)),
    )
    if (random.chance(compactions)) await system.notes.compact(noteId).catch(unlessBusy)
  }
}

/**
 * On a busy machine, others may have the file for longer than a write waits: that was not acknowledged. But not for
 * ever.
 */
function unlessBusy(error: unknown): void {
  if (!(error instanceof UnavailableError) || ++refused > 100) throw error
}

async function edit(system: System, noteId: string, random: Random): Promise<void> {
  const m = `${orders.name}.${count++}`
  const text = `<${m}>\n`
  switch (random.below(7)) {
    case 0:
    case 1:
      await system.notes.append(noteId, text, { actor: orders.name })
      break
    case 2:
      await system.notes.insert(noteId, 0, text)
      break
    case 3: {
      const base = await system.notes.read(noteId)
      const lines = base.text.split('\n')
      lines.splice(random.below(lines.length), 0, `<${m}>`)
      await system.notes.edit(noteId, base, lines.join('\n'))
      break
    }
    case 4:
      await system.notes.append(noteId, text)
      say({ m, done: false })
      await system.notes.replace(noteId, { old: `<${m}>`, new: `<${m}!>` })
      return say({ m, done: true })
    case 5: {
      const client = clients.get(noteId) ?? new Y.Doc()
      clients.set(noteId, client)
      const before = Y.encodeStateVector(client)
      client.getText(CONTENT).insert(0, text)
      // Built on all that this client ever sent: if any of that were lost, this would be, too.
      await system.notes.applyUpdate(noteId, Y.encodeStateAsUpdate(client, before))
      break
    }
    case 6: {
      const doc = await system.notes.open(noteId)
      doc.getText(CONTENT).insert(0, text)
      await system.notes.close(noteId)
      break
    }
  }
  say({ m, done: false })
}

/**
 * The demo's second chapter: an agent and two people write one note. Where processes can share a database, one of
 * the people sits in another process, which is killed in the middle and started again. It knows no tier.
 */

import { createSystem, type System, type SystemOptions } from '../../src/index.ts'
import { startChild } from '../../test/support/child.ts'
import type { WriterOptions } from './note-writer.ts'

export interface NoteReport {
  /** What is compared word for word. */
  readonly transcript: readonly string[]
  readonly processes: string
  readonly lines: string
}

/** What each writes, and how much of Ada's is there before her process is killed. */
const LINES = 20
const BEFORE = 8
const FIRST_LINE = 'Ship on Friday 🚀'

export async function writeTogether(options: SystemOptions, shared: boolean): Promise<NoteReport> {
  await using system = await createSystem(options)
  const { id: workspaceId } = await system.workspaces.create({ title: 'One note' })
  const { id: noteId } = await system.notes.create({ workspaceId, title: 'Plan', text: `${FIRST_LINE}\n` })
  const base = await system.notes.read(noteId)

  const [told] = await Promise.all([
    shared
      ? adaElsewhere({ options, noteId, who: 'Ada', lines: LINES })
      : writeLines(system, { noteId, who: 'Ada', lines: LINES }),
    boAtHisEditor(system, noteId),
    writeLines(system, { noteId, who: 'Agent', lines: LINES }),
  ])
  // The agent has thought about what it read at first; what was written since stays.
  await system.notes.edit(noteId, base, base.text.replace('Friday', 'Monday'), { actor: 'Agent' })
  await system.notes.compact(noteId)

  const { text } = await system.notes.read(noteId)
  const lines = text.split('\n').filter((line) => line !== '')
  const missing = expected().filter((line) => lines.filter((each) => each === line).length !== 1)
  const found = await system.notes.search(workspaceId, 'ada 20')
  const { edits } = await system.notes.history(noteId)
  const writers = new Set(edits.map(({ actor }) => actor))
  return {
    transcript: [
      // Who of several came first is the one thing that may differ.
      `note: ${JSON.stringify(lines.toSorted())}`,
      `missing or twice: ${JSON.stringify(missing)}`,
      `found: ${JSON.stringify(found.map(({ note, excerpt }) => [note.title, excerpt]))}`,
      `writers: ${JSON.stringify([...writers].toSorted())}`,
    ],
    processes: shared ? `2, one killed after ${told} of its edits` : '1',
    lines: `${lines.length}, ${missing.length === 0 ? 'none missing' : `${missing.length} MISSING OR TWICE`}`,
  }
}

function expected(): string[] {
  const all = ['Ada', 'Bo', 'Agent'].flatMap((who) => Array.from({ length: LINES }, (_, i) => lineOf(who, i)))
  return [FIRST_LINE.replace('Friday', 'Monday'), ...all]
}

const lineOf = (who: string, i: number) => `${who} ${i + 1}: é 👩‍🔬`

/** Writes what is not there yet, one edit each, and says what is durable; answers how many that were. */
export async function writeLines(
  system: System,
  { noteId, who, lines }: Pick<WriterOptions, 'noteId' | 'who' | 'lines'>,
  say: (line: string) => void = () => {},
): Promise<number> {
  const { text } = await system.notes.read(noteId)
  const there = new Set(text.split('\n'))
  let written = 0
  for (let i = 0; i < lines; i++) {
    const line = lineOf(who, i)
    if (there.has(line)) continue
    await system.notes.append(noteId, `${line}\n`, { actor: who })
    say(line)
    written++
  }
  return written
}

/** Types into the live document. */
async function boAtHisEditor(system: System, noteId: string): Promise<void> {
  const doc = await system.notes.open(noteId)
  const text = doc.getText('content')
  for (let i = 0; i < LINES; i++) {
    doc.transact(() => text.insert(text.length, `${lineOf('Bo', i)}\n`), { actor: 'Bo' })
    await system.notes.saved(noteId)
  }
  await system.notes.close(noteId)
}

/** Her process is killed while she writes, and she goes on in a new one. Answers what she had been told by then. */
async function adaElsewhere(orders: WriterOptions): Promise<number> {
  const program = new URL('./note-writer.ts', import.meta.url)
  const args = [JSON.stringify(orders)]
  await using first = startChild(program, { args })
  const told: string[] = []
  while (told.length < BEFORE) told.push(await first.line())
  first.kill('SIGKILL')
  await first.ended
  told.push(...first.lines)

  await using second = startChild(program, { args })
  const { code, stderr } = await second.ended
  if (code !== 0) throw new Error(`Ada's process failed: ${stderr}`)
  const again = second.lines.filter((line) => told.includes(line))
  if (again.length > 0) throw new Error(`Ada was told that these are written, and they were not: ${again}`)
  return told.length
}

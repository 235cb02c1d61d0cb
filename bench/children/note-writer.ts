/**
 * A process that writes a note which others have open: `node note-writer.ts <WriterOptions as JSON>`. It says of each
 * edit when it was durable, by the clock that processes of a machine share.
 */

import { setTimeout } from 'node:timers/promises'
import { createSystem, type SystemOptions } from '../../src/system.ts'

export interface WriterOptions {
  readonly options: SystemOptions
  readonly noteId: string
  readonly edits: number
}

const { options, noteId, edits }: WriterOptions = JSON.parse(process.argv[2]!)
await using system = await createSystem(options)
await system.notes.append(noteId, '\nbegin\n')
for (let i = 0; i < edits; i++) {
  // Not in step with anybody's timer.
  await setTimeout(10 + Math.random() * 10)
  await system.notes.append(noteId, `${i}\n`)
  process.stdout.write(`${JSON.stringify([i, performance.timeOrigin + performance.now()])}\n`)
}

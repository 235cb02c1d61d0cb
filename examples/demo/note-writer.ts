/** A process of the demo's second chapter: `node note-writer.ts <WriterOptions as JSON>` writes lines into a note. */

import { createSystem, type SystemOptions } from '../../src/index.ts'
import { writeLines } from './note.ts'

export interface WriterOptions {
  readonly options: SystemOptions
  readonly noteId: string
  readonly who: string
  readonly lines: number
}

const orders: WriterOptions = JSON.parse(process.argv[2]!)
await using system = await createSystem(orders.options)
await writeLines(system, orders, (line) => process.stdout.write(`${line}\n`))

/** A command's answer goes to stdout, as text or with `--json` as one line; all that is beside it, to stderr. */

import { TerraceError } from '../errors.ts'
import type { Io } from './io.ts'
import { forPeople, type Paint, painter } from './words.ts'

export interface Output {
  readonly json: boolean
  readonly paint: Paint
  /** `text` is for people; `data` is the same for machines. */
  answer(data: object, text: (paint: Paint) => string): void
  /** A line beside the answer. */
  note(line: string): void
  fail(error: unknown): void
}

export function createOutput(io: Pick<Io, 'env' | 'stdout' | 'stderr'>, json: boolean): Output {
  const paint = painter(io, io.stdout)
  const paintBeside = painter(io, io.stderr)
  return {
    json,
    paint,
    answer(data, text) {
      io.stdout.write(`${json ? JSON.stringify(data) : text(paint).trimEnd()}\n`)
    },
    note: (line) => void io.stderr.write(`${forPeople(line)}\n`),
    fail(error) {
      const { code, message } = describe(error)
      if (json) io.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
      else io.stderr.write(`${paintBeside('red', 'error:')} ${message}\n`)
    },
  }
}

/** Of what nobody foresaw the stack, too: somebody has to find out where it came from. */
function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof TerraceError) return { code: error.code, message: forPeople(error.message) }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'UNEXPECTED', message: forPeople(text) }
}

/** Asks before something is lost. */

import { createInterface } from 'node:readline/promises'
import { ConfigError } from '../src/errors.ts'

/** Throws unless a person says yes; `flag` is how a script says it without one. */
export async function confirm(question: string, flag: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new ConfigError(`${question} Nobody is there to ask: pass ${flag} to mean it.`)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`${question} [y/N] `)
  terminal.close()
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new ConfigError('Nothing was changed.')
}

/**
 * A process that runs the mutants it is told, one a line with the scenarios to run, and answers each with those that
 * failed.
 */

import { createInterface } from 'node:readline'
import { mutants } from './mutants.ts'
import { failing } from './run.ts'

// What a scenario left behind when it failed is nobody's any more.
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})

for await (const line of createInterface({ input: process.stdin })) {
  const { id, only, patience } = JSON.parse(line) as { id: string; only: string[]; patience: number }
  // Without a name: the engine as it is.
  const mutant = mutants.find((mutant) => mutant.id === id) ?? {}
  console.log(JSON.stringify(await failing(mutant, new Set(only), patience)))
}
process.exit()

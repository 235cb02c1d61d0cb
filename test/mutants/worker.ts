/**
 * A process that runs the mutants it is told, one a line with the scenarios to run, and answers each with those that
 * failed. With the id of a mutant that is a change of the code it has that change from the start.
 */

import { createInterface } from 'node:readline'
import { breakSource } from './break-source.ts'
import { sourceMutants } from './sources.ts'

// What a scenario left behind when it failed is nobody's any more.
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})

const change = sourceMutants.find(({ id }) => id === process.argv[2])
if (change !== undefined) breakSource(change)
const [{ mutants }, { failing }] = await Promise.all([import('./mutants.ts'), import('./run.ts')])

for await (const line of createInterface({ input: process.stdin })) {
  const { id, only, patience } = JSON.parse(line) as { id: string; only: string[]; patience: number }
  // Without a name: the engine as it is.
  const mutant = mutants.find((mutant) => mutant.id === id) ?? {}
  console.log(JSON.stringify(await failing(mutant, new Set(only), patience)))
}
process.exit()

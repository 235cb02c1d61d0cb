/** A process that runs the mutants it is told, one a line, and answers each with the scenarios that failed. */

import { createInterface } from 'node:readline'
import { mutants } from './mutants.ts'
import { failing } from './run.ts'

// What a scenario left behind when it failed is nobody's any more.
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})

for await (const id of createInterface({ input: process.stdin })) {
  // Without a name: the engine as it is.
  console.log(JSON.stringify(await failing(mutants.find((mutant) => mutant.id === id) ?? {})))
}
process.exit()

/** The conformance suite: every guarantee of Terrace, to be run against any engine. */

export { runScenario } from './run.ts'
export type { Context, Harness, HarnessOptions, Scenario } from './scenario.ts'
export { scenarios } from './scenarios.ts'

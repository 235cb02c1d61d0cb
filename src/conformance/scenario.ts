/**
 * Guarantees as data. A scenario is the guarantee as a sentence and a function that shows it on an open System;
 * it knows neither the tier nor the test runner, and it fails by throwing.
 */

import type { System, SystemOptions } from '../system.ts'
import type { TestClock } from '../testing/clock.ts'

export interface Scenario {
  /** `<domain>.<rule>`, unique and lasting: mutants and reports name it. */
  readonly id: string
  /** What always holds, as a sentence. */
  readonly guarantee: string
  run(context: Context): Promise<void>
}

/** What the author of a tier provides to have it tested. */
export interface Harness {
  readonly name: string
  /** A System over fresh, empty data, with this clock. The data stays until `destroy`. */
  open(options: HarnessOptions): Promise<System>
  /** Another System over the data of the last `open`, by a connection of its own where there are connections. */
  openSecond(options: HarnessOptions): Promise<System>
  /** Closes what is open and removes the data. */
  destroy(): Promise<void>
}

export type HarnessOptions = Required<Pick<SystemOptions, 'clock'>> & {
  /** Every transaction's callback runs twice, and what it did the first time is rolled back. */
  readonly rerunTransactions?: boolean
}

export interface Context {
  readonly system: System
  /** The System's clock: it stands still unless told. */
  readonly clock: TestClock
  /** Another System over the same data. */
  second(): Promise<System>
  /** A System over the same data, by which every transaction's callback runs twice. */
  rerunning(): Promise<System>
}

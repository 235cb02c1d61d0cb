/** Runs a program and writes down what came of it: one line per step, then every row there is. */

import type { Table } from '../../src/schema/dsl/table.ts'
import { tables } from '../../src/schema/tables.ts'
import type { Scope } from '../../src/system.ts'
import type { TestClock } from '../../src/testing/clock.ts'
import { Border, ENGINE } from './engine-calls.ts'
import { Cursor } from './inputs.ts'
import type { CallStep, Program, Step, TransactionStep } from './program.ts'
import { Deliberate, show, showError } from './show.ts'
import type { Call } from './store-calls.ts'
import { extraTables } from './tables.ts'

/** What can be used and be confined: the System outside, and a transaction's scope inside. */
export interface Place {
  readonly scope: Scope
  confined(workspaceId: string): Scope
  transaction<R>(work: (inner: Place) => Promise<R>): Promise<R>
}

export interface Entry {
  readonly step: Step | undefined
  readonly line: string
}

/** What a program remembers, to go on from. */
interface Memory {
  readonly cursors: string[]
  rows: readonly Record<string, unknown>[]
}

export async function runProgram(program: Program, root: Place, clock: TestClock): Promise<Entry[]> {
  const memory: Memory = { cursors: [], rows: [] }
  const entries: Entry[] = []

  async function runStep(step: Step, at: Place, indent: string): Promise<void> {
    const write = (line: string) => void entries.push({ step, line: indent + line })
    switch (step.does) {
      case 'advance':
        clock.advance(step.milliseconds)
        return
      case 'call':
        return write(await outcome(() => call(step, within(step, step.outside ? root : at), memory)))
      case 'together': {
        const answers = await Promise.all(
          step.calls.map((each) => outcome(() => call(each, at.scope, memory))),
        )
        return write(answers.join(' | '))
      }
      case 'transaction':
        return write(await outcome(() => transaction(step, at, indent)))
    }
  }

  async function transaction(step: TransactionStep, at: Place, indent: string): Promise<string> {
    const before = memory.cursors.length
    let attempt = entries.length
    const start = entries.length
    const runs = async (inner: Place) => {
      // A callback may run again: only its last run counts.
      entries.length = start
      memory.cursors.length = before
      attempt = entries.length
      for (const each of step.steps) {
        await runStep(each, inner, `${indent}  `)
        const failed = entries.length > attempt && ERROR.test(entries.at(-1)!.line)
        attempt = entries.length
        if (failed && step.onError === 'throw') throw new Deliberate('after an error')
      }
      if (step.end === 'throw') throw new Deliberate('in the end')
      return 'committed'
    }
    try {
      return await (step.within === undefined
        ? at.transaction(runs)
        : at.transaction((inner) => runs(confinedPlace(inner, step.within!))))
    } catch (error) {
      if (error instanceof Deliberate) return `rolled back ${error.message}`
      throw error
    }
  }

  for (const step of program) await runStep(step, root, '')
  // The texts of notes are stored soon after their updates, and before a search.
  await root.scope.notes.search('w1', 'a')
  for (const table of [...tables, ...extraTables]) {
    const rows = await root.scope.engine.find(table)
    for (const row of rows) {
      entries.push({ step: undefined, line: `${table.name} ${show(comparable(table, row))}` })
    }
  }
  return entries
}

/** The ids of Yjs clients are random, and so are the bytes that they are in. */
const RANDOM: Readonly<Record<string, readonly string[]>> = {
  note_updates: ['data'],
  note_versions: ['data'],
  note_heads: ['tailBytes', 'stateBytes'],
}

function comparable({ name }: Table, row: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(row).filter(([key]) => !RANDOM[name]?.includes(key)))
}

const ERROR = /^\s*✗/

async function outcome(run: () => Promise<unknown>): Promise<string> {
  try {
    return show(await run())
  } catch (error) {
    return `✗ ${showError(error)}`
  }
}

function within(step: CallStep, place: Place): Scope {
  return step.within === undefined ? place.scope : place.confined(step.within)
}

function confinedPlace(place: Place, workspaceId: string): Place {
  return {
    scope: place.confined(workspaceId),
    confined: (other) => place.confined(other),
    transaction: (work) => place.transaction((inner) => work(confinedPlace(inner, workspaceId))),
  }
}

async function call({ store, verb, args }: Call, scope: Scope, memory: Memory): Promise<unknown> {
  // The casts: programs name verbs and give what types would forbid.
  const owner = (store === ENGINE ? scope.engine : scope[store as keyof Scope]) as unknown as Record<
    string,
    (...args: readonly unknown[]) => Promise<unknown>
  >
  const answer = await owner[verb]!(...args.map((arg) => resolved(arg, args[0], memory)))
  const { next } = Object(answer) as { readonly next?: unknown }
  if (typeof next === 'string') memory.cursors.push(next)
  if (verb === 'find') memory.rows = answer as Memory['rows']
  return answer
}

/** An argument with what stands for an earlier answer replaced by it. */
function resolved(arg: unknown, table: unknown, memory: Memory): unknown {
  if (typeof arg !== 'object' || arg === null || !('after' in arg)) return arg
  const { after } = arg
  if (after instanceof Cursor) return { ...arg, after: memory.cursors.at(-1 - after.back) }
  if (after instanceof Border) return { ...arg, after: borderOf(table as Table, arg, memory.rows[after.row]) }
  return arg
}

function borderOf(table: Table, query: object, row: Record<string, unknown> | undefined): unknown {
  if (row === undefined) return undefined
  const { orderBy = [] } = query as { readonly orderBy?: readonly (readonly [string, unknown])[] }
  const keys = new Set([...orderBy.map(([key]) => key), ...table.primaryKey.map(({ key }) => key)])
  return [...keys].map((key) => row[key])
}

/** The engine's asynchronous calls over the synchronous verbs of a state. They reject, and never throw. */

import type { Table } from '../../schema/dsl/table.ts'
import { breathing } from '../breather.ts'
import type { AggregateQuery, CallOptions, FindQuery, OnConflict, UpdateQuery, Write } from '../engine.ts'
import { checkNotice } from '../signals.ts'
import type { TransactionCalls } from '../transaction.ts'
import type { Plans } from './plans.ts'
import type { State } from './state.ts'
import { createMemoryVerbs } from './verbs.ts'

/** What differs between the engine and a transaction's engine. */
export interface Surroundings {
  now(): Date
  newId(): string
  /** Throws unless a call is welcome. */
  enter(call: CallOptions | undefined): void
  /** Runs a write, when it is its turn. */
  write<R>(call: CallOptions | undefined, work: () => R): R | Promise<R>
  notify(channel: string, payload: string): void
}

export function createCalls(
  state: State,
  plans: Plans,
  { now, newId, enter, write, notify }: Surroundings,
): TransactionCalls {
  const verbs = createMemoryVerbs(state, plans)
  const calls = {
    now,
    newId,
    ...breathing({
      async find(table: Table, query?: FindQuery<Table>, call?: CallOptions) {
        enter(call)
        return verbs.find(table, query)
      },
      async get(table: Table, id: string, call?: CallOptions) {
        enter(call)
        return verbs.get(table, id)
      },
      async insert(
        table: Table,
        rows: readonly object[],
        call?: CallOptions & { readonly onConflict?: OnConflict<Table> },
      ) {
        enter(call)
        return write(call, verbs.insert(table, rows, call?.onConflict))
      },
      async update(table: Table, query: UpdateQuery<Table>, call?: CallOptions) {
        enter(call)
        return write(call, verbs.update(table, query))
      },
      async remove(table: Table, query: { readonly where: unknown }, call?: CallOptions) {
        enter(call)
        return write(call, verbs.remove(table, query))
      },
      async write(parts: Write, call?: CallOptions) {
        enter(call)
        return write(call, verbs.write(parts))
      },
      async aggregate(table: Table, query?: AggregateQuery<Table>, call?: CallOptions) {
        enter(call)
        return verbs.aggregate(table, query)
      },
    }),
    async notify(channel: string, payload: string, call?: CallOptions) {
      enter(call)
      checkNotice(channel, payload)
      notify(channel, payload)
    },
  }
  // Rows are checked on the way in and copied by the table's own columns: that is what makes them `Row<T>`.
  // TypeScript cannot follow a row's type through them.
  return calls as unknown as TransactionCalls
}

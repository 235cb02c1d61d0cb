/** All or nothing, one after the other, seen by nobody; and how engines end. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallOptions, Engine, RootEngine } from '../../src/engine/engine.ts'
import type { Row, Table } from '../../src/schema/dsl/table.ts'
import { type Mutant, mutateVerbs, verbs } from './mutant.ts'

export const transactionMutants: readonly Mutant[] = [
  {
    id: 'transactions-not-begun',
    breaks: 'Runs transactions without one',
    scenario: 'transactions.counters-add-up',
    engine: (engine) => ({ ...engine, transaction: (work) => work(engine) }),
  },
  {
    id: 'rollback-commits',
    breaks: 'Commits what a transaction wrote that fails',
    scenario: 'transactions.rollback',
    also: ['notes.transaction-rolled-back', 'notes.since-transaction', 'notes.presence-transaction'],
    engine: (engine) => ({
      ...engine,
      async transaction(work, options) {
        const outcome = await engine.transaction(
          (tx) =>
            work(tx).then(
              (value) => ({ value }),
              (error: unknown) => ({ error }),
            ),
          options,
        )
        if ('error' in outcome) throw outcome.error
        return outcome.value
      },
    }),
  },
  {
    id: 'rerun-without-rollback',
    breaks: 'Runs a transaction again on top of what it did the first time',
    scenario: 'transactions.rerun',
    engine: (engine) => ({
      ...engine,
      transaction: (work, options) =>
        engine.transaction(async (tx) => {
          await work(tx)
          return work(tx)
        }, options),
    }),
  },
  {
    id: 'doomed-resolves',
    breaks: 'Resolves a transaction whose failure was caught, though nothing of it is stored',
    scenario: 'transactions.doomed',
    engine: forgiving((_work, result) => result),
  },
  {
    id: 'doomed-commits',
    breaks: 'Commits the rest of a transaction whose failure was caught',
    scenario: 'transactions.doomed',
    engine: forgiving((work) => work()),
  },
  {
    id: 'dirty-reads',
    breaks: 'Shows to everybody what a transaction has not committed yet',
    scenario: 'transactions.invisible-until-commit',
    engine: drawnIn(['find', 'get', 'aggregate']),
  },
  {
    id: 'strangers-drawn-in',
    breaks: 'Draws lone writes into whatever transaction is open',
    scenario: 'transactions.lone-statements',
    engine: drawnIn(['insert', 'update', 'remove', 'write']),
  },
  {
    id: 'outer-calls-join',
    breaks: 'Lets calls on the outer engine join the transaction they are made in',
    scenario: 'transactions.outer-calls',
    engine: joining,
  },
  {
    id: 'reads-bypass',
    breaks: 'Reads inside a transaction what is committed, and not what it wrote',
    scenario: 'transactions.see-themselves',
    engine: within((tx, engine, outside) => ({
      ...tx,
      find: (table, query, call) => outside(() => engine.find(table, query, call)),
      get: (table, id, call) => outside(() => engine.get(table, id, call)),
    })),
  },
  {
    id: 'steps-stay-inside',
    breaks: 'Leaves out the steps of a write of which a transaction has made the like before',
    scenario: 'transactions.as-outside',
    engine(engine) {
      const made = new Set<unknown>()
      const tableOf = (head: object) =>
        'update' in head ? head.update : (head as { insert: unknown }).insert
      const noting = (tx: Engine): Engine => ({
        ...tx,
        transaction: (work, options) => tx.transaction((inner) => work(noting(inner)), options),
        async write(write, options) {
          made.add(tableOf(write.head))
          return tx.write(write, options)
        },
      })
      return {
        ...engine,
        transaction: (work, options) => engine.transaction((tx) => work(noting(tx)), options),
        write: async (write, options) =>
          engine.write(made.has(tableOf(write.head)) ? { ...write, steps: [] } : write, options),
      }
    },
  },
  {
    id: 'nested-refused',
    breaks: 'Refuses a transaction inside another',
    scenario: 'transactions.nested',
    engine: within((tx) => ({
      ...tx,
      transaction: () => Promise.reject(new Error('no transaction inside another')),
    })),
  },
  {
    id: 'notified-at-once',
    breaks: 'Notifies listeners before the transaction commits',
    scenario: 'engine.notices',
    engine: within((tx, engine, outside) => ({
      ...tx,
      notify: (...given) => outside(() => engine.notify(...given)),
    })),
  },
  {
    id: 'timeout-ignored',
    breaks: 'Waits for good for a transaction that hangs',
    scenario: 'transactions.timeout',
    engine: (engine) => ({
      ...engine,
      transaction: (work, options) => engine.transaction(work, { signal: options?.signal }),
    }),
  },
  {
    id: 'errors-wrapped',
    breaks: 'Rejects with another error than the callback threw',
    scenario: 'transactions.rollback',
    engine: (engine) => ({
      ...engine,
      transaction: (work, options) =>
        engine.transaction(work, options).catch((cause: unknown) => {
          throw new Error('the transaction failed', { cause })
        }),
    }),
  },
  {
    id: 'signal-ignored',
    breaks: 'Takes no notice of a signal',
    scenario: 'signals.aborted-before-by-the-engine',
    engine: verbs((inner) => ({
      find: (table, query) => inner.find(table, query),
      get: (table, id) => inner.get(table, id),
      insert: (table, rows, options) => inner.insert(table, rows, { ...options, signal: undefined }),
      update: (table, query) => inner.update(table, query),
      remove: (table, query) => inner.remove(table, query),
      write: (write) => inner.write(write),
      aggregate: (table, query) => inner.aggregate(table, query),
    })),
  },
  {
    id: 'signal-ignored-while-waiting',
    breaks: 'Lets nobody go who waits for a transaction of others',
    scenario: 'transactions.aborted-while-waiting',
    engine: (engine) => ({
      ...engine,
      transaction: (work, options) => engine.transaction(work, { timeout: options?.timeout }),
    }),
  },
  {
    id: 'answers-when-closed',
    breaks: 'Goes on when it is closed',
    scenario: 'closed.engine',
    engine: (engine) => ({ ...engine, close: async () => {} }),
  },
  {
    id: 'closed-once',
    breaks: 'Fails when it is closed again',
    scenario: 'closed.again',
    engine: (engine) => {
      let closed = false
      return {
        ...engine,
        async close() {
          if (closed) throw new Error('closed already')
          closed = true
          await engine.close()
        },
      }
    },
  },
  {
    id: 'closes-at-once',
    breaks: 'Does not wait for what is under way when it is closed',
    scenario: 'closed.transactions-under-way',
    engine: (engine) => ({
      ...engine,
      async close() {
        void engine.close()
      },
    }),
  },
  {
    id: 'health-rejects',
    breaks: 'Rejects when it is asked about its health and has none',
    scenario: 'closed.health',
    system: (system) => ({
      ...system,
      async health() {
        await system.engine.ping()
        return system.health()
      },
    }),
  },
  {
    id: 'answers-without-pause',
    breaks: 'Answers who asks the same again and again from memory, and lets nobody else have a turn',
    scenario: 'transactions.timers-go-on',
    engine: verbs((inner) => {
      let asked = ''
      let times = 0
      let answer: Promise<unknown> = Promise.resolve()
      return {
        async get<T extends Table>(table: T, id: string, options?: CallOptions): Promise<Row<T> | null> {
          const question = `${table.name} ${id}`
          times = question === asked ? times + 1 : 0
          asked = question
          if (times < 3) answer = inner.get(table, id, options)
          // The cast: the answer to the very same question.
          return answer as Promise<Row<T> | null>
        },
      }
    }),
  },
]

/** Transactions whose callback gets another engine. */
function within(other: (tx: Engine, engine: RootEngine, outside: <R>(call: () => R) => R) => Engine) {
  return (engine: RootEngine): RootEngine => {
    // Calls on the outer engine are told by where they come from: these come from nowhere.
    const outside = AsyncLocalStorage.snapshot()
    return {
      ...engine,
      transaction: (work, options) =>
        engine.transaction((tx) => work(other(tx, engine, (call) => outside(call))), options),
    }
  }
}

/** Transactions that fail although their callback did not. */
function forgiving(instead: <R>(work: () => Promise<R>, result: R) => R | Promise<R>) {
  return (engine: RootEngine): RootEngine => ({
    ...engine,
    async transaction<R>(
      work: (tx: Engine) => Promise<R>,
      options?: Parameters<Engine['transaction']>[1],
    ): Promise<R> {
      const results: { readonly result: R }[] = []
      try {
        return await engine.transaction(async (tx) => {
          const result = await work(tx)
          results.push({ result })
          return result
        }, options)
      } catch (error) {
        const [done] = results
        if (done === undefined) throw error
        return instead(() => work(engine), done.result)
      }
    },
  })
}

type Verb = 'find' | 'get' | 'aggregate' | 'insert' | 'update' | 'remove' | 'write'

/** These verbs, called outside, happen in the transaction that is open, whosever it is. */
function drawnIn(drawn: readonly Verb[]) {
  return (engine: RootEngine): RootEngine => {
    let open: Engine | undefined
    const replaced = drawn.map((verb) => {
      // The cast: a verb is called with what the same verb was given.
      const call = (...given: unknown[]) =>
        ((open ?? engine)[verb] as (...given: unknown[]) => unknown)(...given)
      return [verb, call]
    })
    return {
      ...engine,
      ...Object.fromEntries(replaced),
      transaction: (work, options) =>
        engine.transaction(async (tx) => {
          open = tx
          try {
            return await work(tx)
          } finally {
            open = undefined
          }
        }, options),
    }
  }
}

/** Calls on the outer engine made in a transaction's callback are taken for calls of the transaction. */
function joining(engine: RootEngine): RootEngine {
  const inside = new AsyncLocalStorage<Engine>()
  const joined = mutateVerbs<Engine>(engine, (outer) => ({
    find: (...given) => (inside.getStore() ?? outer).find(...given),
    get: (...given) => (inside.getStore() ?? outer).get(...given),
    insert: (...given) => (inside.getStore() ?? outer).insert(...given),
    update: (...given) => (inside.getStore() ?? outer).update(...given),
    remove: (...given) => (inside.getStore() ?? outer).remove(...given),
    write: (...given) => (inside.getStore() ?? outer).write(...given),
    aggregate: (...given) => (inside.getStore() ?? outer).aggregate(...given),
  }))
  return {
    ...engine,
    ...joined,
    transaction: (work, options) => {
      const around = inside.getStore()
      return around === undefined
        ? engine.transaction((tx) => inside.run(tx, () => work(tx)), options)
        : around.transaction(work, options)
    },
  }
}

/**
 * The System: opens the engine that the configuration chose, brings its schema up to date, and hangs the
 * stores on it. It is the only thing an application has to know.
 */

import { type Resolved, type ResolveOptions, resolve } from './config.ts'
import { confine } from './confine.ts'
import type { Clock } from './engine/clock.ts'
import type { Engine, RootEngine, TransactionOptions } from './engine/engine.ts'
import type { EngineHooks } from './engine/hooks.ts'
import { ConfigError, reasonOf } from './errors.ts'
import type { NotesOptions } from './notes/documents.ts'
import { chooseNotesOptions, closeNotes, shareNotesOptions } from './notes/home.ts'
import { openEngine } from './open.ts'
import { createStores, type Stores } from './stores/stores.ts'
import { warnOnce } from './warnings.ts'
import { type Caretaker, type CaretakerOptions, startCaretaker } from './work/caretaker.ts'
import { stopResidents } from './work/residents.ts'
import { type RanDue, type RunDueOptions, runDue } from './work/run-due.ts'

export interface SystemOptions extends ResolveOptions {
  /** Read instead of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Where every time comes from; tests inject one. */
  readonly clock?: Clock | undefined
  readonly hooks?: EngineHooks | undefined
  /** Bounds of notes, and how long they keep what. */
  readonly notes?: NotesOptions | undefined
  /** SQLite: FULL survives a power cut with every commit; NORMAL, the default, may lose the last ones. */
  readonly synchronous?: 'NORMAL' | 'FULL' | undefined
  /** An engine that is open already, over what the application has; nothing is resolved or migrated then. */
  readonly engine?: RootEngine | undefined
}

export interface Health {
  readonly status: 'ok' | 'error'
  readonly tier: 'memory' | 'sqlite' | 'postgres'
  readonly driver: string
  /** Which database: an absolute path or a host, never a password. */
  readonly target: string
  /** Why this one. */
  readonly reason: string
  /** One round trip, in milliseconds. */
  readonly latencyMs: number
  /** The newest migration in the database; null where there is none. */
  readonly schema: string | null
  /** What is wrong, when something is. */
  readonly error?: string
}

/** Stores that belong together, with the engine beneath for stores of your own. */
export interface Scope extends Stores {
  readonly engine: Engine
}

/** A System that sees one workspace. */
export interface ConfinedSystem extends Scope {
  transaction<R>(work: (tx: Scope) => Promise<R>, options?: TransactionOptions): Promise<R>
  health(): Promise<Health>
}

export interface System extends ConfinedSystem, AsyncDisposable {
  readonly engine: RootEngine
  /**
   * The same stores, all or nothing: what they write is invisible outside until `work` resolves, and gone if
   * it rejects. `work` may run more than once, so it should do nothing else. Inside, use `tx`, not the System.
   */
  transaction<R>(work: (tx: Scope) => Promise<R>, options?: TransactionOptions): Promise<R>
  /** The same System confined to one workspace: of others it reads nothing, and writes to them are refused. */
  in(workspaceId: string): ConfinedSystem
  /** Never rejects: what is wrong is in the answer. */
  health(): Promise<Health>
  /**
   * For a process that stays: fires schedules and timers, and clears what has run out, until it is stopped or the System is
   * closed. Any number of instances may. Started already, it answers the one there is.
   */
  start(options?: CaretakerOptions): Caretaker
  /**
   * The same for hosts without such a process, and jobs besides: does what is due now, runs what is ready, and resolves
   * when nothing is left or the budget is spent. From a cron route, say, or after a response.
   *
   * @example
   * await system.runDue({ handlers: { review: (job) => review(job.payload) }, budgetMs: 25_000 })
   */
  runDue<P>(options?: RunDueOptions<P>): Promise<RanDue>
  /** Waits for what is under way, workers included, then lets go of the database. */
  close(): Promise<void>
}

/**
 * Opens a fresh System. Options beat the environment; with neither, everything is kept in memory.
 *
 * Throws `ConfigError`, `MigrationError` and `UnavailableError`; never falls back to another database.
 */
export async function createSystem(options: SystemOptions = {}): Promise<System> {
  if (options.engine !== undefined) {
    refuseBeside(options)
    chooseNotesOptions(options.engine, options.notes)
    const { tier } = options.engine
    return assemble(
      options.engine,
      { driver: tier, target: 'the application’s own', reason: 'options.engine is given' },
      null,
    )
  }
  const resolved = resolve(options, options.env ?? process.env)
  warnOnce(resolved.warnings)
  const { engine, schema, warnings } = await openEngine(resolved, options)
  warnOnce(warnings)
  chooseNotesOptions(engine, options.notes)
  return assemble(engine, resolved, schema)
}

function assemble(
  engine: RootEngine,
  { driver, target, reason }: Pick<Resolved, 'target' | 'reason'> & { readonly driver: string },
  schema: string | null,
): System {
  async function health(): Promise<Health> {
    const about = { tier: engine.tier, driver, target, reason, schema }
    const startedAt = performance.now()
    try {
      await engine.ping()
      return { status: 'ok', ...about, latencyMs: performance.now() - startedAt }
    } catch (error) {
      return { status: 'error', ...about, latencyMs: performance.now() - startedAt, error: reasonOf(error) }
    }
  }
  async function close(): Promise<void> {
    const leaving = [stopResidents(engine), closeNotes(engine)].filter((each) => each !== undefined)
    if (leaving.length === 0) return engine.close()
    try {
      await Promise.all(leaving)
    } finally {
      await engine.close()
    }
  }
  const scope = scopeOf(engine)
  let caretaker: Caretaker | undefined
  return extend(scope, {
    engine,
    transaction: transactionOf(engine),
    start(options?: CaretakerOptions): Caretaker {
      if (caretaker !== undefined) return caretaker
      const started = startCaretaker(scope, options)
      const stop = async () => {
        if (caretaker === own) caretaker = undefined
        await started.stop()
      }
      const own: Caretaker = { stop, [Symbol.asyncDispose]: stop }
      caretaker = own
      return own
    },
    runDue: <P>(options?: RunDueOptions<P>) => runDue(scope, options),
    in(workspaceId: string): ConfinedSystem {
      const confined = confine(engine, workspaceId)
      return extend(scopeOf(confined), { transaction: transactionOf(confined), health })
    },
    health,
    close,
    [Symbol.asyncDispose]: close,
  })
}

function transactionOf(engine: Engine): ConfinedSystem['transaction'] {
  return (work, options) =>
    engine.transaction((tx) => {
      shareNotesOptions(engine, tx)
      return work(scopeOf(tx))
    }, options)
}

function scopeOf(engine: Engine): Scope {
  return extend(createStores(engine), { engine })
}

/** Adds to an object without touching its getters: stores are made when they are first used. */
function extend<A extends object, B extends object>(base: A, more: B): A & B {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(more)) as A & B
}

/** What an engine that is open has decided already. */
const DECIDED = [
  'url',
  'driver',
  'path',
  'fallback',
  'desktop',
  'migrate',
  'clock',
  'hooks',
  'synchronous',
] as const

function refuseBeside(options: SystemOptions): void {
  const other = DECIDED.find((name) => options[name] !== undefined)
  if (other === undefined) return
  throw new ConfigError(`options.${other} has no effect beside options.engine; give it to the engine`)
}

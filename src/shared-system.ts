/**
 * `getSystem()`: the process's one System. It is there at once and opened on first use, so that a module may
 * ask for it during a build; it outlives hot reloads and is the same for every bundle of a process.
 */

import { createHash } from 'node:crypto'
import { type Resolved, resolve } from './config.ts'
import { ClosedError, reasonOf } from './errors.ts'
import { type ConfinedSystem, createSystem, type Health, type System, type SystemOptions } from './system.ts'
import { warnOnce } from './warnings.ts'

/** On `globalThis`, because each bundle of a server has a module scope of its own. */
const REGISTRY = Symbol.for('terrace.systems')

/** A System that is opened when it is first used: its verbs wait for that, and its engine is there only then. */
export interface SharedSystem extends Omit<System, 'engine' | 'in'> {
  in(workspaceId: string): Omit<ConfinedSystem, 'engine'>
  /** The System itself, opened. */
  opened(): Promise<System>
}

/**
 * The shared System of this configuration. Calls that resolve to the same database get the same System, and
 * so the same pool.
 *
 * Opening happens with the first call of a verb, which rejects if it fails; the next call tries again.
 * Throws `ConfigError` at once when the configuration makes no sense.
 */
export function getSystem(options: Omit<SystemOptions, 'engine'> = {}): SharedSystem {
  const resolved = resolve(options, options.env ?? process.env)
  // Not as it is: there may be a password in it, and what hangs on `globalThis` may be printed.
  const key = createHash('sha256').update(JSON.stringify(resolved)).digest('hex')
  const shared = registry()
  const known = shared.get(key)
  if (known !== undefined) {
    if (options.clock !== undefined || options.hooks !== undefined) warnOnce([LATE])
    return known
  }
  const system = open(options, resolved, () => {
    // Another may have taken its place already.
    if (shared.get(key) === system) shared.delete(key)
  })
  shared.set(key, system)
  return system
}

const LATE =
  'getSystem: this database is shared already, by the clock and the hooks that it was first asked for with.'

function registry(): Map<string, SharedSystem> {
  // The cast: the key is ours alone.
  const holder = globalThis as { [REGISTRY]?: Map<string, SharedSystem> }
  holder[REGISTRY] ??= new Map()
  return holder[REGISTRY]
}

function open(options: SystemOptions, resolved: Resolved, forget: () => void): SharedSystem {
  let opening: Promise<System> | undefined
  let closed = false
  const opened = async () => {
    if (closed && opening === undefined) throw new ClosedError()
    opening ??= createSystem(options).then(
      (system) => {
        say(options)
        return system
      },
      (error: unknown) => {
        opening = undefined
        throw error
      },
    )
    return opening
  }
  const close = async () => {
    closed = true
    forget()
    // Never opened, or in vain: nothing to close.
    if (opening === undefined) return
    // The same way as the calls before, and so after them.
    const system = await opened().catch(() => undefined)
    await system?.close()
  }
  async function health(): Promise<Health> {
    const startedAt = performance.now()
    try {
      return await (await opened()).health()
    } catch (error) {
      const { tier, driver, target, reason } = resolved
      const latencyMs = performance.now() - startedAt
      return {
        status: 'error',
        tier,
        driver,
        target,
        reason,
        latencyMs,
        schema: null,
        error: reasonOf(error),
      }
    }
  }
  // The cast: a stand-in for every verb of a System, each of which waits until there is one.
  return later(opened, { opened, health, close, [Symbol.asyncDispose]: close }) as SharedSystem
}

/** The start-up line: which database, and why. */
function say(options: SystemOptions): void {
  const env = options.env ?? process.env
  if (env.NODE_ENV === 'test') return
  const { driver, target, reason } = resolve(options, env)
  console.info(`terrace: ${driver === target ? driver : `${driver}, ${target}`}. ${reason}`)
}

type Path = readonly { readonly key: PropertyKey; readonly args?: readonly unknown[] }[]

/**
 * Stands for a value that is not there yet. Reading a property stands for that property; calling it waits,
 * then calls. `in(…)` answers at once, as it does on an open System.
 */
function later(root: () => Promise<object>, known: Record<PropertyKey, unknown>, path: Path = []): unknown {
  return new Proxy(() => {}, {
    get(_target, key) {
      if (key in known && (path.length === 0 || isConfined(path))) return known[key]
      // Not thenable: awaiting a System must not call `then` on it.
      if (key === 'then') return undefined
      return later(root, known, [...path, { key }])
    },
    apply(_target, _this, args: unknown[]) {
      const last = path.at(-1)!
      const called = [...path.slice(0, -1), { key: last.key, args }]
      if (isConfined(called)) return later(root, { health: known.health }, called)
      return iterable(root().then((value) => follow(value, called)))
    },
  })
}

/** What a verb answers, also where it answers at once with something to iterate over: that waits, too. */
function iterable(answer: Promise<unknown>): Promise<unknown> {
  return Object.assign(answer, {
    async *[Symbol.asyncIterator]() {
      // The cast: who iterates over it knows that the verb answers such a thing.
      yield* (await answer) as AsyncIterable<unknown>
    },
  })
}

/** A System that sees one workspace: `in(…)` and nothing else. */
function isConfined(path: Path): boolean {
  return path.length === 1 && path[0]!.key === 'in' && path[0]!.args !== undefined
}

function follow(root: object, path: Path): unknown {
  let value: unknown = root
  for (const { key, args } of path) {
    // The casts: the path was taken by the types of a System.
    const holder = value as Record<PropertyKey, unknown>
    const next = holder[key]
    value = args === undefined ? next : Reflect.apply(next as (...args: unknown[]) => unknown, holder, args)
  }
  return value
}

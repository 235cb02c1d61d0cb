/**
 * `getSystem()`: the process's one System. It is there at once and opened on first use, so that a module may
 * ask for it during a build; it outlives hot reloads and is the same for every bundle of a process.
 */

import { resolve } from './config.ts'
import { createSystem, type System, type SystemOptions } from './system.ts'

/** On `globalThis`, because each bundle of a server has a module scope of its own. */
const REGISTRY = Symbol.for('terrace.systems')

interface Shared {
  readonly system: System
  forget(): void
}

/**
 * The shared System of this configuration. Calls that resolve to the same database get the same System, and
 * so the same pool.
 *
 * Opening happens with the first call of a verb, which rejects if it fails; the next call tries again.
 * Throws `ConfigError` at once when the configuration makes no sense.
 */
export function getSystem(options: SystemOptions = {}): System {
  const key = JSON.stringify(resolve(options, options.env ?? process.env))
  const shared = registry()
  let known = shared.get(key)
  if (known === undefined) {
    known = open(options, () => shared.delete(key))
    shared.set(key, known)
  }
  return known.system
}

function registry(): Map<string, Shared> {
  const holder = globalThis as { [REGISTRY]?: Map<string, Shared> }
  holder[REGISTRY] ??= new Map()
  return holder[REGISTRY]
}

function open(options: SystemOptions, forget: () => void): Shared {
  let opening: Promise<System> | undefined
  const opened = () => {
    opening ??= createSystem(options).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  const close = async () => {
    forget()
    // Never opened, nothing to close.
    if (opening !== undefined) await (await opening).close()
  }
  return { system: later(opened, { close, [Symbol.asyncDispose]: close }) as unknown as System, forget }
}

type Path = readonly { readonly key: PropertyKey; readonly args?: readonly unknown[] }[]

/**
 * Stands for a value that is not there yet. Reading a property stands for that property; calling it waits,
 * then calls. `in(…)` answers at once, as it does on an open System.
 */
function later(root: () => Promise<object>, known: Record<PropertyKey, unknown>, path: Path = []): unknown {
  return new Proxy(() => {}, {
    get(_target, key) {
      if (path.length === 0 && key in known) return known[key]
      // Not thenable: awaiting a System must not call `then` on it.
      if (key === 'then') return undefined
      return later(root, {}, [...path, { key }])
    },
    apply(_target, _this, args: unknown[]) {
      const last = path.at(-1)!
      const called = [...path.slice(0, -1), { key: last.key, args }]
      if (last.key === 'in' && path.length === 1) return later(root, {}, called)
      return root().then((value) => follow(value, called))
    },
  })
}

function follow(root: object, path: Path): unknown {
  let value: unknown = root
  for (const { key, args } of path) {
    const holder = value as Record<PropertyKey, unknown>
    const next = holder[key]
    value = args === undefined ? next : Reflect.apply(next as (...args: unknown[]) => unknown, holder, args)
  }
  return value
}

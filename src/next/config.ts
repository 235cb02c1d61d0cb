/** `withTerrace(nextConfig)`: what Next leaves out of its bundles, so that it is there once, and whole. */

import { DRIVER_PACKAGES } from '../engine/drivers.ts'

/**
 * Terrace with the worker that compacts notes, Yjs, of which there must be one instance, and the drivers with the files
 * that they load. Those that are not installed do not matter.
 */
const EXTERNAL = ['terrace', 'yjs', 'drizzle-orm', ...Object.values(DRIVER_PACKAGES)]

/** As far as it is looked at. */
interface Config {
  readonly serverExternalPackages?: readonly string[]
}

/**
 * Takes what `next.config` may export, a function or a promise too, and keeps what is in it.
 *
 * @example
 * // next.config.ts
 * export default withTerrace({ output: 'standalone' })
 */
export function withTerrace<C extends object = Config>(config?: C): C {
  // The cast: the same, be it a function, a promise or an object, with a list that its type knows or may have.
  return extended(config ?? {}) as C
}

function extended(config: object): object {
  if (typeof config === 'function') return (...args: unknown[]) => extended(Reflect.apply(config, null, args))
  if (config instanceof Promise) return config.then(extended)
  // The cast: the list is what Next takes, or Next complains.
  const { serverExternalPackages = [] } = config as Config
  return { ...config, serverExternalPackages: [...new Set([...serverExternalPackages, ...EXTERNAL])] }
}

/** The rules of resolution, in their order: a URL, else a driver, else the fallback; options before variables. */

import { ConfigError } from '../errors.ts'
import type { DriverChoice } from './options.ts'
import { EXAMPLE_URL, readServer, type Server } from './server.ts'
import type { Setting } from './setting.ts'
import type { Settings } from './settings.ts'

/** `by` is what decided, as warnings name it. */
export type Choice = ServerChoice | EmbeddedChoice

export interface ServerChoice {
  readonly driver: 'pg' | 'neon'
  readonly by: string
  readonly reason: string
  readonly url: Setting
  readonly server: Server
}

export interface EmbeddedChoice {
  readonly driver: 'memory' | 'sqlite' | 'pglite'
  readonly by: string
  /** Without the full stop: where the files are may be somebody else's decision, and is told after it. */
  readonly reason: string
  readonly url?: Setting
  /** Nothing was configured. */
  readonly fallback?: true
}

export function choose(settings: Settings): Choice {
  const { url, envUrl, driver, envDriver, path, fallback, prefix } = settings
  refuseContradictions(settings)
  // DATABASE_URL may be the app's own, of a database of any kind: beside an option it only has to fit.
  const outvoted = path || (driver && envUrl && !fits(driver.value, envUrl))
  const decisive = url ?? (outvoted ? undefined : envUrl)
  if (decisive) return chooseByUrl(decisive, settings)
  if (path && !driver) {
    const kind = fallback === 'pglite' ? 'pglite' : 'sqlite'
    return { driver: kind, by: path.name, reason: `${path.name} names a ${URLS[kind].noun}` }
  }
  const chosen = driver ?? envDriver
  if (!chosen) {
    const reason = `Neither DATABASE_URL nor ${prefix}_DB_DRIVER is set, and the fallback is ${fallback}`
    return { driver: fallback, by: `the ${fallback} fallback`, reason, fallback: true }
  }
  const { name, value } = chosen
  if (value === 'postgres' || value === 'pg' || value === 'neon') {
    const lack = envUrl ? 'is not the URL of a Postgres server' : 'is not set'
    throw new ConfigError(`${name} is ${value}, but DATABASE_URL ${lack}; set it to ${EXAMPLE_URL}.`)
  }
  return { driver: value, by: name, reason: `${name} is ${value}` }
}

/** The kinds of database, by what their URLs begin with. */
const URLS = {
  postgres: { begin: /^postgres(?:ql)?:/i, noun: 'Postgres server', drivers: ['postgres', 'pg', 'neon'] },
  pglite: { begin: /^(?:pglite|memory):/i, noun: 'PGlite database', drivers: ['postgres', 'pglite'] },
  sqlite: { begin: /^(?:file|sqlite):|^:memory:$/i, noun: 'SQLite database', drivers: ['sqlite'] },
} as const satisfies Readonly<Record<string, UrlKind>>

interface UrlKind {
  readonly begin: RegExp
  readonly noun: string
  /** What may be asked for beside such a URL. */
  readonly drivers: readonly DriverChoice[]
}

function kindOf(url: Setting): keyof typeof URLS | undefined {
  return (['postgres', 'pglite', 'sqlite'] as const).find((kind) => URLS[kind].begin.test(url.value))
}

function fits(driver: DriverChoice, url: Setting): boolean {
  const kind = kindOf(url)
  const drivers: readonly DriverChoice[] = kind ? URLS[kind].drivers : []
  return drivers.includes(driver)
}

function refuseContradictions({ url, driver, path }: Settings): void {
  if (url && path) throw new ConfigError('options.url and options.path both say where; leave one out.')
  if (url && driver && kindOf(url) && !fits(driver.value, url)) {
    throw new ConfigError(
      `options.driver is ${driver.value}, but options.url names another kind of database.`,
    )
  }
  if (path && driver && driver.value !== 'sqlite' && driver.value !== 'pglite') {
    throw new ConfigError(`options.driver is ${driver.value}, which keeps no files; leave options.path out.`)
  }
}

function chooseByUrl(url: Setting, { env, driver, envDriver }: Settings): Choice {
  const by = url.name
  const kind = kindOf(url)
  if (kind === undefined) throw unknownUrl(url)
  const reason = `${by} names a ${URLS[kind].noun}`
  if (kind !== 'postgres') return { driver: kind, by, reason, url }
  const server = readServer(url, env)
  const picked = driver ?? envDriver
  if (picked?.value === 'pg' || picked?.value === 'neon') {
    const { name, value } = picked
    return { driver: value, by, reason: `${reason}, and ${name} picks the ${value} driver`, url, server }
  }
  if (!server.neon) return { driver: 'pg', by, reason, url, server }
  return { driver: 'neon', by, reason: `${reason}, and its host is one of Neon's`, url, server }
}

/** Repeats the scheme at most: what follows it may hold a password. */
function unknownUrl({ name, value }: Setting): ConfigError {
  const scheme = /^([a-z][a-z0-9+.-]{1,20}):\/\//i.exec(value)?.[1]
  const problem = scheme ? `${name} begins with ${scheme}:, which is not supported` : `${name} is not a URL`
  return new ConfigError(
    `${problem}. Write ${EXAMPLE_URL} for Postgres, file:./name.db for SQLite, or pglite:./folder for PGlite.`,
  )
}

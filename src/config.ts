/**
 * Which database is meant: a pure function of options and environment. The System, `drizzle.config.ts`, the
 * CLI and health all ask it, so no two of them can disagree. Its truth table is in `docs/configuration.md`.
 */

import { choose, type EmbeddedChoice, type ServerChoice } from './config/choose.ts'
import type { Driver, DriverChoice, MigrateMode, ResolveOptions } from './config/options.ts'
import {
  desktopFile,
  PGLITE_MEMORY,
  pgliteFolder,
  SQLITE_MEMORY,
  sqliteFile,
  underCwd,
  underHome,
} from './config/paths.ts'
import { readServer } from './config/server.ts'
import { type Env, oneOf, plainName, type Setting, variable, wholeNumber } from './config/setting.ts'
import { readSettings, type Settings } from './config/settings.ts'
import { ConfigError } from './errors.ts'

export type { Driver, Env, ResolveOptions }
export type Tier = 'memory' | 'sqlite' | 'postgres'
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

const SSL_MODES: readonly SslMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']
const SERVERLESS = ['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE', 'FUNCTIONS_WORKER_RUNTIME']

export interface Resolved {
  readonly tier: Tier
  readonly driver: Driver
  /** The Postgres connection string as it was given, password and all: not for showing. */
  readonly url?: string
  /** The same database past its pooler, for migrations and LISTEN. Not for showing either. */
  readonly directUrl?: string
  /** The SQLite file, absolute, or `:memory:`; the PGlite folder, absolute, or `memory://`. */
  readonly path?: string
  /** What a person is shown: `host:port/database`, an absolute path, or `memory`. Never a password. */
  readonly target: string
  /** Which variable or option decided, in one sentence. */
  readonly reason: string
  /** Variables that lost to another, and the loss of data to come. Worth showing once. */
  readonly warnings: readonly string[]
  readonly pool: { readonly min: number; readonly max: number }
  readonly sslMode?: SslMode
  /** The file of the authority that vouches for the server. */
  readonly rootCertificate?: string
  /** Whether the URL leads to a transaction-mode pooler, where LISTEN and named statements do not work. */
  readonly pooled: boolean
  readonly migrate: MigrateMode
}

export function resolve(options: ResolveOptions = {}, env: Env = process.env): Resolved {
  const settings = readSettings(options, env)
  const warnings: string[] = []
  const ignore: Ignore = (loser, winner) => {
    if (loser) warnings.push(`${loser.name} is ignored: ${winner} decides.`)
  }

  const choice = choose(settings)
  const { driver } = choice
  // A variable that says the same as what decided has not lost.
  if (settings.envUrl?.value !== choice.url?.value) ignore(settings.envUrl, choice.by)
  const fulfils = (asked: DriverChoice) => asked === driver || (asked === 'postgres' && isPostgres(driver))
  if (settings.envDriver && !fulfils(settings.envDriver.value)) {
    ignore(settings.envDriver, settings.driver?.name ?? choice.by)
  }
  const where = 'server' in choice ? onServer(choice, settings, ignore) : embedded(choice, settings, ignore)

  const host = serverlessSign(env)
  // On serverless hosts the build step migrates; it can only have migrated what it shares with the running app.
  const usual: MigrateMode = host && 'server' in choice ? 'verify' : 'auto'
  const { migrate = settings.envMigrate, envMigrate } = settings
  if (migrate?.value !== envMigrate?.value) ignore(envMigrate, 'options.migrate')

  const production = variable(env, 'NODE_ENV')?.value === 'production' && 'NODE_ENV is production'
  const cause = production || (host && `${host} is set`)
  if (where.target === 'memory' && cause) {
    warnings.push(
      `${cause}, yet everything is kept in memory: data is lost when the process ends. Set DATABASE_URL, or ${settings.prefix}_DB_DRIVER=sqlite.`,
    )
  } else if (where.path !== undefined && variable(env, 'VERCEL')) {
    warnings.push(
      `VERCEL is set, yet the database is a file: instances there share none, and it goes with them. Set DATABASE_URL.`,
    )
  }
  return {
    tier: isPostgres(driver) ? 'postgres' : driver,
    driver,
    ...where,
    warnings,
    pool: readPool(env),
    migrate: migrate?.value ?? usual,
  }
}

/** The variable, if any, by which this is a serverless host. */
export function serverlessSign(env: Env): string | undefined {
  return SERVERLESS.find((name) => variable(env, name))
}

type Ignore = (loser: Setting | undefined, winner: string) => void

/** What depends on where the database is. */
type Where = Pick<Resolved, 'target' | 'pooled' | 'reason'> &
  Partial<Pick<Resolved, 'url' | 'directUrl' | 'path' | 'sslMode' | 'rootCertificate'>>

function onServer({ url, server, by, reason }: ServerChoice, settings: Settings, ignore: Ignore): Where {
  const { env, envUrl, envPath, unpooled } = settings
  ignore(envPath, by)
  // Beside a URL from elsewhere this variable means another database, and migrations must not go there.
  const direct = url.value === envUrl?.value ? unpooled : undefined
  if (direct) readServer(direct, env)
  else ignore(unpooled, by)

  const envMode = variable(env, 'PGSSLMODE')
  const mode = server.sslMode ?? envMode
  if (server.sslMode && server.sslMode.value !== envMode?.value) ignore(envMode, server.sslMode.name)
  const envRoot = variable(env, 'PGSSLROOTCERT')
  const root = server.rootCertificate ?? envRoot
  if (root?.value !== envRoot?.value) ignore(envRoot, root!.name)
  return {
    target: server.target,
    pooled: server.pooled,
    reason: `${reason}.`,
    url: url.value,
    ...(direct && { directUrl: direct.value }),
    ...(mode && { sslMode: oneOf(mode, SSL_MODES).value }),
    ...(root && { rootCertificate: root.value }),
  }
}

function embedded(choice: EmbeddedChoice, settings: Settings, ignore: Ignore): Where {
  const { driver, by, reason } = choice
  ignore(settings.unpooled, by)
  if (driver === 'memory') {
    ignore(settings.envPath, by)
    return { target: 'memory', pooled: false, reason: `${reason}.` }
  }
  const { path, keeper = by } =
    driver === 'sqlite' ? sqlitePlace(choice, settings) : pglitePlace(choice, settings, ignore)
  if (keeper !== settings.envPath?.name && settings.envPath?.value !== settings.path?.value) {
    ignore(settings.envPath, driver === 'sqlite' ? keeper : by)
  }
  return {
    target: path === SQLITE_MEMORY || path === PGLITE_MEMORY ? 'memory' : path,
    pooled: false,
    reason: keeper === by ? `${reason}.` : `${reason}; ${keeper} says where.`,
    path,
  }
}

/** `keeper` is the setting that said where, if any did. */
interface Place {
  readonly path: string
  readonly keeper?: string
}

function sqlitePlace({ url, fallback }: EmbeddedChoice, settings: Settings): Place {
  const { app, places, desktop, env, path, envPath } = settings
  const named = url ?? path
  if (named) return { path: sqliteFile(named, places), keeper: named.name }
  if (desktop) return { path: desktopFile(desktop, places, env), keeper: 'options.desktop' }
  if (envPath) return { path: sqliteFile(envPath, places), keeper: envPath.name }
  return { path: fallback ? underHome(places, `.${app}`, `${app}.db`) : underCwd(places, `${app}.db`) }
}

function pglitePlace({ url }: EmbeddedChoice, settings: Settings, ignore: Ignore): Place {
  const { app, places, path, instance, envInstance } = settings
  const named = url ?? path
  const folder = named && pgliteFolder(named, places)
  if (folder) return { path: folder, keeper: named.name }
  if (instance && instance.value !== envInstance?.value) ignore(envInstance, instance.name)
  const used = instance ?? envInstance
  const name = used ? plainName(used) : 'default'
  const directory = underHome(places, `.${app}`, 'instances', name, 'db')
  return used ? { path: directory, keeper: used.name } : { path: directory }
}

function isPostgres(driver: Driver): driver is 'pg' | 'neon' | 'pglite' {
  return driver !== 'memory' && driver !== 'sqlite'
}

function readPool(env: Env): Resolved['pool'] {
  const [minimum, maximum] = [variable(env, 'DATABASE_POOL_MIN'), variable(env, 'DATABASE_POOL_MAX')]
  const min = minimum ? wholeNumber(minimum) : 0
  const max = maximum ? wholeNumber(maximum) : 10
  if (max < 1) throw new ConfigError('DATABASE_POOL_MAX has to be at least 1.')
  if (min > max)
    throw new ConfigError(`DATABASE_POOL_MIN is ${min}, more than DATABASE_POOL_MAX, which is ${max}.`)
  return { min, max }
}

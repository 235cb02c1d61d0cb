/** Everything that options and environment say, each under the name it was set by, and validated. */

import type { DriverChoice, Fallback, MigrateMode, ResolveOptions } from './options.ts'
import type { Places } from './paths.ts'
import { type Env, oneOf, plainName, setting, variable } from './setting.ts'

const DRIVERS: readonly DriverChoice[] = ['sqlite', 'pglite', 'memory', 'postgres', 'pg', 'neon']
const FALLBACKS: readonly Fallback[] = ['memory', 'sqlite', 'pglite']
const MIGRATE_MODES: readonly MigrateMode[] = ['auto', 'verify', 'off']

/** `url` and its like are options; `envUrl` and its like the variables that they beat. */
export type Settings = ReturnType<typeof readSettings>

export function readSettings(options: ResolveOptions, env: Env) {
  const app = plainName({ name: 'options.app', value: options.app ?? 'terrace' })
  const prefix = app.toUpperCase().replace(/[^A-Z0-9]/g, '_')
  const driver = setting('options.driver', options.driver)
  const envDriver = variable(env, `${prefix}_DB_DRIVER`)
  const migrate = setting('options.migrate', options.migrate)
  const envMigrate = variable(env, `${prefix}_DB_MIGRATE`)
  const fallback = setting('options.fallback', options.fallback)
  const { desktop, platform = process.platform, home, cwd } = options
  const places: Places = { platform, home, cwd }
  return {
    env,
    app,
    prefix,
    places,
    desktop,
    fallback: fallback
      ? oneOf(fallback, FALLBACKS).value
      : desktop
        ? ('sqlite' as const)
        : ('memory' as const),
    url: setting('options.url', options.url),
    envUrl: variable(env, 'DATABASE_URL'),
    unpooled: variable(env, 'DATABASE_URL_UNPOOLED'),
    driver: driver && oneOf(driver, DRIVERS),
    envDriver: envDriver && oneOf(envDriver, DRIVERS),
    path: setting('options.path', options.path),
    envPath: variable(env, 'SQLITE_DB_PATH'),
    instance: setting('options.instance', options.instance),
    envInstance: variable(env, `${prefix}_INSTANCE`),
    migrate: migrate && oneOf(migrate, MIGRATE_MODES),
    envMigrate: envMigrate && oneOf(envMigrate, MIGRATE_MODES),
  }
}

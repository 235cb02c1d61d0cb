/** Optional packages: an absent one is one line that says what to install, and nothing else breaks. */

import { ConfigError } from '../errors.ts'

/** What each driver is called where packages are installed. */
export const DRIVER_PACKAGES = {
  sqlite: 'better-sqlite3',
  pg: 'pg',
  neon: '@neondatabase/serverless',
  pglite: '@electric-sql/pglite',
} as const

export function loadDriver<T>(name: string, load: () => Promise<T>): Promise<T> {
  return loadPeer(name, 'this database', load)
}

/** What is used by `needer`, which the message names. */
export async function loadPeer<T>(name: string, needer: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if ((code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`)) {
      throw new ConfigError(
        `${needer} ${needer.endsWith('s') ? 'need' : 'needs'} the package ${name}: run \`npm install ${name}\`${bundled()}`,
        {
          cause: error,
        },
      )
    }
    throw new ConfigError(`the package ${name} could not be loaded: ${message}${bundled()}`, { cause: error })
  }
}

/** Within Next.js, a package may be there and still not in what was built. */
function bundled(): string {
  if (process.env.NEXT_RUNTIME === undefined) return ''
  return '; if it is installed, the build lost it: in next.config, `export default withTerrace(nextConfig)`, from terrace/next'
}

/** Optional packages: an absent one is one line that says what to install, and nothing else breaks. */

import { ConfigError } from '../errors.ts'

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
        `${needer} ${needer.endsWith('s') ? 'need' : 'needs'} the package ${name}: run \`npm install ${name}\``,
        {
          cause: error,
        },
      )
    }
    throw new ConfigError(`the package ${name} could not be loaded: ${message}`, { cause: error })
  }
}

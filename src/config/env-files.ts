/**
 * Reads `.env` files as Next does, so that the CLI and drizzle-kit mean the database that the app means. What
 * the process was started with beats every file.
 */

import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { ConfigError } from '../errors.ts'

type Env = Record<string, string | undefined>

/** Fills `env` from the files in `folder`; the names of those that were found, the strongest first. */
export function loadEnvFiles(folder: string = process.cwd(), env: Env = process.env): readonly string[] {
  const mode = env.NODE_ENV || 'development'
  // Next leaves .env.local out of tests, which should be alike on every machine.
  const names = [`.env.${mode}.local`, mode === 'test' ? undefined : '.env.local', `.env.${mode}`, '.env']
  const found: string[] = []
  const values: Env = {}
  let weakest: Env = {}
  for (const name of names) {
    const parsed = name && read(join(folder, name))
    if (!parsed) continue
    found.push(name)
    for (const [key, value] of Object.entries(parsed)) values[key] ??= value
    if (name === '.env') weakest = parsed
  }
  // drizzle-kit has read `.env` before it reads its configuration: such a value was not there from the start.
  const started = Object.fromEntries(Object.entries(env).filter(([key, value]) => value !== weakest[key]))
  for (const key of Object.keys(values)) env[key] = started[key] ?? expand(key, values, started)
  return found
}

/** Fills `env` from this file alone, which has to be there; answers its name. */
export function loadEnvFile(file: string, folder: string = process.cwd(), env: Env = process.env): string {
  let values: Env | undefined
  try {
    values = read(resolve(folder, file))
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  if (values === undefined) throw new ConfigError(`there is no file ${file}`)
  const started = { ...env }
  for (const key of Object.keys(values)) env[key] = started[key] ?? expand(key, values, started)
  return file
}

function read(path: string): Env | undefined {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** `$NAME`, `${NAME}` and `${NAME:-otherwise}` are replaced, and `\$` is a dollar sign. */
function expand(key: string, values: Env, started: Env, within: readonly string[] = []): string {
  const pattern = /\\\$|\$\{([A-Za-z_]\w*)(?::?-([^{}]*))?\}|\$([A-Za-z_]\w*)/g
  return (values[key] ?? '').replace(pattern, (match, braced, otherwise, bare) => {
    if (match === '\\$') return '$'
    const name: string = braced ?? bare
    if (name === key || within.includes(name)) return started[name] ?? ''
    return (started[name] ?? expand(name, values, started, [...within, key])) || (otherwise ?? '')
  })
}

/** The flags by which every command is told which database is meant, and what becomes of them. */

import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadEnvFile, loadEnvFiles } from '../config/env-files.ts'
import { type Resolved, resolve } from '../config.ts'
import type { SystemOptions } from '../system.ts'
import type { Io } from './io.ts'

/** As commander gives them. What is not given is not there. */
export interface Flags {
  readonly json?: true
  readonly url?: string
  readonly driver?: string
  readonly path?: string
  readonly app?: string
  readonly fallback?: string
  readonly identifier?: string
  readonly instance?: string
  readonly envFile?: string
}

export interface Meant {
  /** For `createSystem`: as the app would give them. */
  readonly options: SystemOptions
  readonly resolved: Resolved
  /** The `.env` files that were found, the strongest first. */
  readonly envFiles: readonly string[]
}

export function addFlags(command: Command): Command {
  const group = 'Which database:'
  const add = (flags: string, description: string) =>
    command.addOption(new Option(flags, description).helpGroup(group).argParser(filled))
  add('--url <url>', 'its URL, instead of DATABASE_URL; others can read a command line')
  add('--driver <driver>', 'sqlite, pglite, memory, pg or neon, instead of <APP>_DB_DRIVER')
  add('--path <path>', 'the SQLite file or PGlite folder')
  add('--app <app>', "the app's name, as given to createSystem (default: terrace)")
  add('--fallback <driver>', "the app's fallback, as given to createSystem")
  add('--identifier <identifier>', "a desktop app's, such as com.example.agents: its data folder is meant")
  add('--instance <instance>', 'tells PGlite databases of one app apart')
  add('--env-file <file>', 'read instead of .env, .env.local and their like')
  return command.addOption(new Option('--json', 'one line of JSON, for machines'))
}

/** An empty value is what a script passes whose variable is not set, and would silently mean another database. */
export function filled(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.')
  return value
}

/** Reads the `.env` files and resolves, as the app itself would. */
export function readFlags(flags: Flags, io: Pick<Io, 'env' | 'cwd'>, readsEnvFiles = true): Meant {
  const { url, path, app, instance, envFile } = flags
  const envFiles = envFile
    ? [loadEnvFile(envFile, io.cwd, io.env)]
    : readsEnvFiles
      ? loadEnvFiles(io.cwd, io.env)
      : []
  const options: SystemOptions = {
    url,
    path,
    app,
    instance,
    // The casts: any word is taken here, and `resolve` refuses what it does not know.
    driver: flags.driver as SystemOptions['driver'],
    fallback: flags.fallback as SystemOptions['fallback'],
    desktop: flags.identifier === undefined ? undefined : desktopOf(flags.identifier, app),
    cwd: io.cwd,
    env: io.env,
  }
  return { options, resolved: resolve(options, io.env), envFiles }
}

/** A desktop app's file is called after the app, like the others that nobody named. */
export function desktopOf(identifier: string, app = 'terrace'): NonNullable<SystemOptions['desktop']> {
  return { identifier, file: `${app}.db` }
}

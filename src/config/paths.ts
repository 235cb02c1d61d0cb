/**
 * Where an embedded database keeps its files: reads the paths and `file:`, `sqlite:` and `pglite:` URLs that
 * people write, and knows the folders each operating system wants. Touches no file system.
 */

import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'
import { ConfigError } from '../errors.ts'
import { decoded, type Env, plainName, printable, type Setting, setting, variable } from './setting.ts'

export interface Desktop {
  /** The application's identifier, such as `com.example.agents`; the folder is named after it. */
  readonly identifier: string
  /** The file in that folder, such as `agents.db`. */
  readonly file: string
}

/** The machine as far as paths depend on it. */
export interface Places {
  readonly platform: string
  readonly home: string | undefined
  readonly cwd: string | undefined
}

/** What better-sqlite3 and PGlite call a database that is kept in memory only. */
export const SQLITE_MEMORY = ':memory:'
export const PGLITE_MEMORY = 'memory://'

/** The SQLite file that a path, a `file:` or a `sqlite:` URL names, absolute; or `:memory:`. */
export function sqliteFile(given: Setting, places: Places): string {
  if (/^(?:(?:file|sqlite):)?\/*:memory:$/i.test(given.value)) return SQLITE_MEMORY
  const path = written(given, ['file', 'sqlite'], places)
  if (path === '') throw new ConfigError(`${given.name} names no file; write file:./name.db, for example.`)
  return absolute(given, path, places)
}

/** The PGlite folder that a path or a `pglite:` URL names, absolute; `memory://`; undefined if it names none. */
export function pgliteFolder(given: Setting, places: Places): string | undefined {
  // Without a scheme, "memory" is a folder like any other.
  if (/^(?:pglite:)?(?:\/\/)?(?:memory:(?:\/\/)?|:memory:)$/i.test(given.value)) return PGLITE_MEMORY
  if (/^pglite:(?:\/\/)?memory$/i.test(given.value)) return PGLITE_MEMORY
  const path = written(given, ['pglite'], places)
  return path === '' ? undefined : absolute(given, path, places)
}

/** A path under the home directory. */
export function underHome(places: Places, ...segments: readonly string[]): string {
  return paths(places).join(home(places), ...segments)
}

/** A file in the directory the process was started in. */
export function underCwd(places: Places, file: string): string {
  return paths(places).join(cwd(places), file)
}

/** A desktop application's file, in the folder its operating system keeps for it. */
export function desktopFile(desktop: Desktop, places: Places, env: Env): string {
  const identifier = plainName(required('options.desktop.identifier', desktop.identifier))
  const file = plainName(required('options.desktop.file', desktop.file))
  if (places.platform === 'darwin') {
    return underHome(places, 'Library', 'Application Support', identifier, file)
  }
  const windows = places.platform === 'win32'
  const { isAbsolute, join } = paths(places)
  // The XDG specification has a relative folder ignored; on Windows it would be as useless.
  const set = variable(env, windows ? 'APPDATA' : 'XDG_DATA_HOME')
  if (set && isAbsolute(set.value)) return join(printable(set.name, set.value), identifier, file)
  const usual = windows ? ['AppData', 'Roaming'] : ['.local', 'share']
  return underHome(places, ...usual, identifier, file)
}

/** The path as it was written, relative or not, out of its URL if it is one. */
function written(given: Setting, schemes: readonly string[], places: Places): string {
  const { name, value } = given
  const scheme = schemes.find((known) => value.toLowerCase().startsWith(`${known}:`))
  const path = scheme === undefined ? value : pathOfUrl(name, scheme, value.slice(scheme.length + 1), places)
  // Anything else that looks like a URL was meant for another variable, and as a path would show its password.
  // One letter is a Windows drive.
  if (/^[a-z][a-z0-9+.-]+:|:\/\//i.test(path)) {
    throw new ConfigError(`${name} has to be a path or a ${schemes.join(': or ')}: URL.`)
  }
  return path
}

function pathOfUrl(name: string, scheme: string, rest: string, places: Places): string {
  if (/[?#]/.test(rest)) {
    throw new ConfigError(
      `${name}: ${scheme}: URLs take no parameters here; in a path, ? is written %3F and # is %23.`,
    )
  }
  const authority = /^\/\/([^/\\]*)/.exec(rest)?.[1]
  let path = authority === undefined ? rest : rest.slice(2)
  if (authority?.toLowerCase() === 'localhost') path = path.slice(authority.length)
  else if (authority !== undefined && !/^(?:|\.{1,2}|~|[a-z]:)$/i.test(authority)) {
    // sqlite://data/agents.db is often written for a relative path, but a host means another machine.
    if (scheme === 'file' || /[:@]/.test(authority)) {
      throw new ConfigError(
        `${name} names a host; write ${scheme}:./name for a relative and ${scheme}:///folder/name for an absolute path.`,
      )
    }
  }
  path = decoded(name, path)
  // file:///C:/agents.db names a drive, not a folder of the root.
  return places.platform === 'win32' ? path.replace(/^[/\\](?=[a-z]:)/i, '') : path
}

function absolute({ name }: Setting, path: string, places: Places): string {
  printable(name, path)
  // Files such as .env leave ~ as it is, and nobody wants a folder of that name.
  const fromHome = (places.platform === 'win32' ? /^~(?=$|[/\\])/ : /^~(?=$|\/)/).test(path)
  return fromHome ? underHome(places, path.slice(1)) : paths(places).resolve(cwd(places), path)
}

function paths(places: Places) {
  return places.platform === 'win32' ? win32 : posix
}

function home(places: Places): string {
  return folder('home directory', 'HOME', places.home, homedir, places)
}

function cwd(places: Places): string {
  return folder('working directory', 'a directory that exists', places.cwd, process.cwd, places)
}

/** Both can fail: a container's user may have no home, and a working directory can be deleted. */
function folder(
  what: string,
  remedy: string,
  given: string | undefined,
  read: () => string,
  places: Places,
): string {
  let path = given
  try {
    path ??= read()
  } catch {
    // Told below, as for one that is not absolute.
  }
  if (path === undefined || !paths(places).isAbsolute(path)) {
    throw new ConfigError(`The ${what} has no absolute path; set ${remedy}, or name the database's own path.`)
  }
  return path
}

function required(name: string, value: unknown): Setting {
  const given = setting(name, value)
  if (given === undefined) throw new ConfigError(`${name} is missing.`)
  return given
}

/** Folder paths in one spelling, so that equal paths are equal text. */

import { ValidationError } from '../errors.ts'

/** Longer than any system allows. */
const PATH_LIMIT = 4096

/**
 * An absolute path with single slashes and none at its end: `/srv//app/` is `/srv/app`, `c:\app` is `C:/app`.
 * Throws `ValidationError` for a relative path, a network path and one with `..` in it.
 */
export function normalizePath(table: string, path: unknown): string {
  const refuse = (reason: string) => new ValidationError(`${table}.path ${reason}`, table, 'path')
  if (typeof path !== 'string') throw refuse('must be text')
  if (path.length > PATH_LIMIT) throw refuse(`is longer than ${PATH_LIMIT} characters`)
  const drive = /^[A-Za-z]:(?=[\\/])/.exec(path)?.[0].toUpperCase() ?? ''
  // Elsewhere a backslash is a character like any other.
  const rest = drive === '' ? path : path.slice(2).replaceAll('\\', '/')
  if (!rest.startsWith('/')) throw refuse('must be absolute; map a network path to a drive')
  const segments = rest.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.includes('..')) throw refuse('may not contain ".."')
  return `${drive}/${segments.join('/')}`
}

/** A normalised path and the folders around it, up to the root. */
export function ancestorsOf(path: string): string[] {
  const root = path.indexOf('/') + 1
  const ancestors = path.length > root ? [path] : []
  for (let end = path.lastIndexOf('/'); end >= root; end = path.lastIndexOf('/', end - 1)) {
    ancestors.push(path.slice(0, end))
  }
  ancestors.push(path.slice(0, root))
  return ancestors
}

/**
 * Who may ask at all, before anybody is asked who they are: pages of which origins, under which names of this host.
 * A browser sends along what its user is known by, whoever wrote the page; so a page of a stranger gets nothing.
 */

import { ConfigError } from '../errors.ts'
import { HttpRefusal } from './refusals.ts'

export interface Gate {
  /** Throws `HttpRefusal`. */
  check(headers: Headers, url: URL): void
  /** Lets a page of a named origin read the answer, and keeps answers out of caches and of other pages. */
  finish(headers: Headers, response: Response): Response
  /** What a browser asks before it sends what a form could not. */
  preflight(headers: Headers): Response
}

export interface GateOptions {
  /** Beside the host's own. */
  readonly origins: readonly string[]
  /** Whether only this machine's own names will do, and those of `origins`. */
  readonly isDevelopment: boolean
}

const METHODS = 'GET, HEAD, POST, OPTIONS'
/** Names of headers, and commas. */
const HEADER_NAMES = /^[\w ,-]{1,1000}$/
/** The sync server sets its own, by its own options. */
const CORS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
]

/** Throws `ConfigError` for an origin that is none. */
export function createGate({ origins, isDevelopment }: GateOptions): Gate {
  const named = new Set(origins.map(originOf))
  const namedHosts = new Set(origins.map((origin) => URL.parse(origin)?.host))

  function isNamed(headers: Headers): boolean {
    const origin = headers.get('origin')
    return origin !== null && named.has(origin.toLowerCase())
  }

  function finish(asked: Headers, response: Response): Response {
    const { headers } = response
    headers.set('x-content-type-options', 'nosniff')
    headers.set('vary', 'origin')
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    for (const name of CORS) headers.delete(name)
    if (!isNamed(asked)) return response
    headers.set('access-control-allow-origin', asked.get('origin')!)
    headers.set('access-control-allow-credentials', 'true')
    headers.set('access-control-expose-headers', 'terrace-cursor, etag, retry-after')
    return response
  }

  return {
    check(headers, url) {
      const host = hostOf(headers, url)
      // A stranger's name may be made to lead here, and its pages are of the same origin then.
      if (isDevelopment && !isLoopback(host) && !namedHosts.has(host)) throw new HttpRefusal('HOST')
      if (isNamed(headers)) return
      const origin = headers.get('origin')
      if (origin !== null && (URL.parse(origin)?.host || undefined) !== host) throw new HttpRefusal('ORIGIN')
      // Images, links and scripts have no origin; browsers say where they are from.
      if (headers.get('sec-fetch-site') === 'cross-site') throw new HttpRefusal('ORIGIN')
    },

    finish,

    preflight(asked) {
      const response = finish(asked, new Response(null, { status: 204, headers: { allow: METHODS } }))
      if (!isNamed(asked)) return response
      const names = asked.get('access-control-request-headers') ?? ''
      response.headers.set('access-control-allow-methods', METHODS)
      if (HEADER_NAMES.test(names)) response.headers.set('access-control-allow-headers', names)
      response.headers.set('access-control-max-age', '600')
      return response
    },
  }
}

/** As the request has it, with its port. */
export function hostOf(headers: Headers, url: URL): string {
  const host = headers.get('host')
  return (host === null ? url : URL.parse(`http://${host}`))?.host ?? ''
}

/** This machine, by any of its own names, with or without a port. */
export function isLoopback(host: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname ?? ''
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(name)
}

/** As browsers send it. */
function originOf(origin: unknown): string {
  if (typeof origin === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/*\s]+$/i.test(origin))
    return origin.toLowerCase()
  throw new ConfigError(
    `origins: ${JSON.stringify(origin)} is none; name each one as browsers do, like "https://app.example.org"`,
  )
}

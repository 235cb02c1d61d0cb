/** Reads a Postgres URL: what may be shown of it, and what the host tells about who runs the server. */

import { ConfigError } from '../errors.ts'
import { decoded, type Env, printable, type Setting, setting, variable, wholeNumber } from './setting.ts'

export const EXAMPLE_URL = 'postgres://user:password@host:5432/database'

/** Supabase's pooler, and what PgBouncer listens on unless told. */
const POOLER_PORTS = [6543, 6432]

export interface Server {
  /** `host:port/database`, with nothing of the credentials. */
  readonly target: string
  /** Neon runs it, so its own driver reaches it. */
  readonly neon: boolean
  /** It leads to a transaction-mode pooler, which loses LISTEN, SET, session locks and named statements. */
  readonly pooled: boolean
  readonly sslMode: Setting | undefined
  readonly rootCertificate: Setting | undefined
}

export function readServer({ name, value }: Setting, env: Env): Server {
  const malformed = () =>
    new ConfigError(
      `${name} is not a Postgres URL. Expected ${EXAMPLE_URL}, with @ : / ? # and % in a password written %40 %3A %2F %3F %23 and %25.`,
    )
  const [, start, authority, rest] = /^(postgres(?:ql)?:\/\/)([^/?#]*)(.*)$/is.exec(value) ?? []
  if (start === undefined || authority === undefined || rest === undefined) throw malformed()
  // An @ beyond the host shows that an unencoded / ? or # of the password ended the host early. Reading on
  // would connect to the wrong place, and show the rest of the password as if it were the database.
  if (rest.includes('@')) throw malformed()
  // As libpq and pg have it: postgres://user:password@/database?host=/socket/folder
  const whole = authority.endsWith('@') ? `${authority}localhost` : authority
  if (!URL.canParse(`${start}${whole}${rest}`)) throw malformed()
  const url = new URL(`${start}${whole}${rest}`)
  if (url.hash) throw malformed()
  // The driver would decode them only on connecting, and with an error less clear.
  decoded(name, url.username)
  decoded(name, url.password)

  // Where a parameter is repeated, the last one counts, as it does for pg.
  const parameters = new Map(url.searchParams)
  const parameter = (key: string) => setting(`${key} in ${name}`, parameters.get(key))
  const ownHost = whole === authority ? decoded(name, url.hostname) : ''
  // pg falls back on these variables too; leaving them out would show another server than it connects to.
  const host = parameter('host')?.value || ownHost || libpq(env, 'PGHOST') || 'localhost'
  const port = parameter('port') ?? setting(`The port in ${name}`, url.port) ?? variable(env, 'PGPORT')
  const portNumber = port ? wholeNumber(port) : 5432
  const database = decoded(name, url.pathname.slice(1)) || libpq(env, 'PGDATABASE')

  const marked = parameter('pgbouncer')?.value.toLowerCase()
  const domain = host.toLowerCase().replace(/\.$/, '')
  return {
    target: printable(name, `${host}:${portNumber}${database ? `/${database}` : ''}`),
    neon: /\.neon\.(?:tech|build)$/.test(domain),
    pooled:
      marked === 'true' ||
      (marked !== 'false' && (domain.includes('-pooler') || POOLER_PORTS.includes(portNumber))),
    sslMode: parameter('sslmode'),
    rootCertificate: parameter('sslrootcert'),
  }
}

/**
 * The URL with what it leaves out, as `readServer` reads it: left to itself, the driver would look for that in the
 * environment of the process, which may not be the one that decided.
 */
export function completeUrl(url: string, env: Env): string {
  const [, start = '', authority = '', path = '', query = ''] =
    /^(postgres(?:ql)?:\/\/)([^/?#]*)([^?#]*)(?:\?([^#]*))?$/is.exec(url) ?? []
  const parameters = new URLSearchParams(query)
  const credentials = /^(?:([^:@]*)(?::([^@]*))?@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority) ?? []
  const [, user, password, host, port] = credentials
  const add = (key: string, given: string | undefined, value: string | undefined) => {
    if (!given && !parameters.get(key) && value) parameters.set(key, value)
  }
  add('host', host, libpq(env, 'PGHOST') ?? 'localhost')
  add('port', port, libpq(env, 'PGPORT') ?? '5432')
  add('user', user, libpq(env, 'PGUSER'))
  add('password', password, variable(env, 'PGPASSWORD')?.value)
  // As libpq has it, the last resort is the database that is called like the user.
  const named = libpq(env, 'PGDATABASE') ?? parameters.get('user') ?? (user && decodeURIComponent(user)) ?? ''
  const database = path.length > 1 ? path : `/${encodeURIComponent(named)}`
  return `${start}${authority}${database}${parameters.size > 0 ? `?${parameters}` : ''}`
}

/** One of libpq's variables for a single part of a URL. */
function libpq(env: Env, name: string): string | undefined {
  const value = variable(env, name)?.value
  if (value && /@|:\/\//.test(value)) throw new ConfigError(`${name} is a URL; that belongs in DATABASE_URL.`)
  return value
}

/** What `PGSSLMODE` means, as libpq has it. The drivers disagree with it and with each other. */

import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { ConfigError } from '../../errors.ts'

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface TlsChoice {
  readonly ssl: ConnectionOptions | false
  /** Without TLS if the server has none. */
  readonly orPlain: boolean
}

/** `rootCertificate`: path of the authority's certificate, as in `PGSSLROOTCERT`. */
export function tlsOf(mode: SslMode, rootCertificate: string | undefined): TlsChoice {
  const ca = rootCertificate === undefined ? {} : { ca: readCertificate(rootCertificate) }
  switch (mode) {
    case 'disable':
      return { ssl: false, orPlain: false }
    case 'allow':
    case 'prefer':
      return { ssl: { rejectUnauthorized: false }, orPlain: true }
    case 'require':
      // As libpq: encrypted, and checked only if there is an authority to check against.
      return {
        ssl: rootCertificate === undefined ? { rejectUnauthorized: false } : caOnly(ca),
        orPlain: false,
      }
    case 'verify-ca':
      return { ssl: caOnly(ca), orPlain: false }
    case 'verify-full':
      return { ssl: { rejectUnauthorized: true, ...ca }, orPlain: false }
  }
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`PGSSLROOTCERT or sslrootcert: ${(error as Error).message}`, { cause: error })
  }
}

function caOnly(ca: ConnectionOptions): ConnectionOptions {
  return { rejectUnauthorized: true, checkServerIdentity: () => undefined, ...ca }
}

/** The URL without the parameters that the drivers would take for their own notion of TLS. */
export function withoutTls(url: string): string {
  // Not as a whole: libpq's `postgres://user@/database?host=/folder` has no host, which `URL` refuses.
  const [place = '', query = ''] = url.split(/\?(.*)/s)
  const parameters = new URLSearchParams(query)
  for (const name of ['sslmode', 'sslrootcert', 'ssl', 'channel_binding', 'pgbouncer'])
    parameters.delete(name)
  return parameters.size === 0 ? place : `${place}?${parameters}`
}

/** The secret that whoever asks has to show. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { variable } from '../../config/setting.ts'
import type { Env } from '../../config.ts'
import { ConfigError } from '../../errors.ts'

const VARIABLE = 'TERRACE_TOKEN'

export interface Token {
  readonly value: string
  /** Whoever set it knows it; only one that was made here has to be told. */
  readonly isOurs: boolean
  /** In a time that tells nothing about how much of it is right. */
  matches(shown: string | null | undefined): boolean
}

/** The one that is set, or else a new one. */
export function createToken(env: Env): Token {
  const given = variable(env, VARIABLE)?.value
  if (given !== undefined) check(given)
  const value = given ?? randomBytes(32).toString('base64url')
  const wanted = digest(value)
  return {
    value,
    isOurs: given === undefined,
    matches: (shown) => typeof shown === 'string' && timingSafeEqual(digest(shown), wanted),
  }
}

/** Of the same length whatever was shown. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function check(given: string): void {
  if (!/^[\w.~+/=-]+$/.test(given)) {
    throw new ConfigError(`${VARIABLE} may consist of letters, digits and . _ ~ + / = - only`)
  }
  if (given.length < 16) {
    throw new ConfigError(`${VARIABLE} is shorter than 16 characters; leave it out, and one is made`)
  }
}

/** As a header, or, from where a page cannot set one, in the URL. */
export function shownToken(request: Request, mayBeInUrl: boolean): string | null {
  const header = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (header !== undefined || !mayBeInUrl) return header ?? null
  return new URL(request.url).searchParams.get('token')
}

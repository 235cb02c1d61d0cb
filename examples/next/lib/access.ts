/**
 * Who may use the workbench. While it is developed that is this machine, which is what `createRoutes` has without a word
 * from the app. A server that is started for others lets in who shows its token, and nobody else: `WORKBENCH_TOKEN`, or
 * one that is made at each start and written into the terminal.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Authorize } from 'terrace/server'

const COOKIE = 'workbench'
const YEAR = 31_536_000
/** A shorter one can be guessed. */
const LEAST = 16

const isDevelopment = process.env.NODE_ENV === 'development'

export const authorize: Authorize | undefined = isDevelopment
  ? undefined
  : ({ request }) => (isKey(cookieOf(request)) ? { everything: true, write: true } : null)

/** Called once, when the server starts. */
export function prepareAccess(): void {
  if (isDevelopment) return
  const given = process.env.WORKBENCH_TOKEN
  if (given !== undefined && given.length < LEAST) {
    throw new Error(
      `WORKBENCH_TOKEN has ${given.length} characters, and needs ${LEAST}: openssl rand -base64 24`,
    )
  }
  if (given !== undefined) return
  // In the environment, which all bundles of the process share.
  process.env.WORKBENCH_TOKEN = randomBytes(24).toString('base64url')
  const port = process.env.PORT ?? '3000'
  console.info(`workbench: open http://127.0.0.1:${port}/enter?token=${process.env.WORKBENCH_TOKEN}`)
}

/** `/enter?token=…` gives the browser a cookie, which follows from the token, and from which the token does not follow. */
export function enter(request: Request): Response {
  const headers = { location: '/', 'cache-control': 'no-store' }
  if (isDevelopment) return new Response(null, { status: 303, headers })
  const { protocol, searchParams } = new URL(request.url)
  const key = keyOf(searchParams.get('token') ?? '')
  if (!isKey(key)) return new Response('This token is not the one.\n', { status: 403 })
  const isSecure = (request.headers.get('x-forwarded-proto') ?? protocol).startsWith('https')
  const cookie = `${COOKIE}=${key}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${YEAR}${isSecure ? '; Secure' : ''}`
  return new Response(null, { status: 303, headers: { ...headers, 'set-cookie': cookie } })
}

const keyOf = (token: string) => createHash('sha256').update(`workbench ${token}`).digest('hex')

/** Takes as long whatever is wrong with it. */
function isKey(shown: string | undefined): boolean {
  const token = process.env.WORKBENCH_TOKEN
  if (token === undefined || shown === undefined) return false
  const [own, other] = [Buffer.from(keyOf(token)), Buffer.from(shown)]
  return own.length === other.length && timingSafeEqual(own, other)
}

function cookieOf(request: Request): string | undefined {
  const all = request.headers.get('cookie')?.split(/; */) ?? []
  return all.find((each) => each.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1)
}

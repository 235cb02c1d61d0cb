/**
 * `terrace serve`: the HTTP and WebSocket surface as a process of its own, for desktop shells and containers. It says
 * where it is by one line on stdout, and ends when it is told to, or when whoever started it is gone.
 */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { variable, wholeNumber } from '../../config/setting.ts'
import { readSettings } from '../../config/settings.ts'
import { type Resolved, resolve } from '../../config.ts'
import { ConfigError } from '../../errors.ts'
import { type Authorize, createHandler, type Handler, nodeListener } from '../../server/index.ts'
import { createSystem, type System, type SystemOptions } from '../../system.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { desktopOf, type Flags, type Meant, readFlags } from '../flags.ts'
import type { Io } from '../io.ts'
import type { Output } from '../output.ts'
import { withProgress } from '../progress.ts'
import { forPeople } from '../words.ts'
import { createToken, shownToken, type Token } from './token.ts'
import { whenToStop } from './until.ts'

export interface ServeFlags extends Flags {
  readonly host?: string
  readonly port?: string
  readonly origin?: readonly string[]
  readonly parentPid?: string
  readonly stopWithStdin?: true
}

/** The first line on stdout. */
export interface Serving {
  readonly url: string
  readonly port: number
  /** Null if `TERRACE_TOKEN` is set: who set it knows it, and logs need not. */
  readonly token: string | null
  readonly pid: number
  readonly tier: string
  /** Which database: an absolute path or a host, never a password. */
  readonly target: string
}

/** What Tauri's pages are loaded from: macOS and Linux, and Windows without and with TLS. */
const SHELLS = ['tauri://localhost', 'http://tauri.localhost', 'https://tauri.localhost']
const LOOPBACK = '127.0.0.1'
/** Milliseconds for which requests under way are waited for. */
const PATIENCE = 5000

export async function serveCommand(flags: ServeFlags, io: Io, output: Output): Promise<ExitCode> {
  const { host = LOOPBACK, origin = [], stopWithStdin = false } = flags
  const [port, parentPid] = [numberOf('--port', flags.port), numberOf('--parent-pid', flags.parentPid)]
  if (port !== undefined && port > 65_535) throw new ConfigError('--port has to be 65535 at most')
  const { options, resolved } = readServed(flags, io)
  const token = createToken(io.env)
  // Before anything is opened: whoever is gone by now needs nothing.
  const stop = whenToStop({ parentPid, stdin: stopWithStdin ? io.stdin : undefined })
  outliveReaders(io)
  try {
    const system = await withProgress(io, `opening ${resolved.target}`, () => createSystem(options))
    try {
      await serveUntil(stop.asked, {
        host,
        port: port ?? 0,
        origins: [...SHELLS, ...origin],
        system,
        token,
        resolved,
        io,
        output,
      })
    } finally {
      await system.close()
    }
  } finally {
    stop.end()
  }
  return EXIT.ok
}

interface Service {
  readonly host: string
  readonly port: number
  readonly origins: readonly string[]
  readonly system: System
  readonly token: Token
  readonly resolved: Resolved
  readonly io: Io
  readonly output: Output
}

async function serveUntil(
  stopped: Promise<string>,
  { host, port, origins, system, token, resolved, io, output }: Service,
): Promise<void> {
  const handler = createHandler({
    system,
    authorize: bearerOf(token),
    origins,
    // Whatever NODE_ENV says: a token is asked for everywhere, and any name of this host will do.
    production: true,
    cronSecret: variable(io.env, 'CRON_SECRET')?.value,
    onError: (error) => output.note(`terrace: ${error instanceof Error ? error.stack : String(error)}`),
  })
  const server = createServer(nodeListener(handler, (error) => output.note(String(error))))
  server.on('upgrade', (request, socket, head) => {
    if (!handler.upgrade(request, socket, head))
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
  })
  const address = await listen(server, host, port)
  system.start()

  const { tier, target } = resolved
  const serving: Serving = {
    url: `http://${shownHost(address)}:${address.port}`,
    port: address.port,
    token: token.isOurs ? token.value : null,
    pid: process.pid,
    tier,
    target,
  }
  io.stdout.write(`${JSON.stringify(serving)}\n`)
  output.note(`terrace serves ${target} (${tier}) at ${serving.url}. ${forPeople(resolved.reason)}`)
  if (!isLoopback(address)) {
    output.note('It can be reached from other machines, without TLS: put a proxy that has it in front.')
  }

  output.note(`terrace stops: ${await stopped}`)
  await end(server, handler)
}

/** SQLite, where nothing says otherwise; and where nothing says which file, this application's own. */
function readServed(flags: ServeFlags, io: Io): Meant {
  // A desktop app is started anywhere, and what lies about there is not its configuration.
  const meant = readFlags(flags, io, flags.identifier === undefined)
  const { app, path, envPath, driver, envDriver } = readSettings(meant.options, io.env)
  const isNamed = [flags.identifier, path, envPath, driver, envDriver].some((each) => each !== undefined)
  const options: SystemOptions = {
    ...meant.options,
    fallback: meant.options.fallback ?? 'sqlite',
    ...(!isNamed && { desktop: desktopOf(app, app) }),
  }
  return { ...meant, options, resolved: resolve(options, io.env) }
}

function bearerOf(token: Token): Authorize {
  return ({ request, action }) => {
    // A page can set no header on these; of all others a URL would only leave the secret in logs.
    const isStream = action.kind === 'events' || action.kind === 'sync'
    const inMessage = action.kind === 'sync' ? action.token : undefined
    const isKnown = token.matches(shownToken(request, isStream)) || token.matches(inMessage)
    return isKnown ? { everything: true, write: true } : null
  }
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  try {
    await once(server.listen(port, host), 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const taken =
      code === 'EADDRINUSE' ? 'something else listens there; leave --port out for a free one' : message
    throw new ConfigError(`cannot listen on ${host}:${port}: ${taken}`, { cause: error })
  }
  // The cast: it listens on a port, not on a pipe.
  return server.address() as AddressInfo
}

/** Streams and sockets first: they would never end by themselves. */
async function end(server: Server, handler: Handler): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // A connection that is kept alive is idle only once it is answered.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const impatient = setTimeout(() => server.closeAllConnections(), PATIENCE)
  await handler.close()
  await closed
  clearInterval(sweep)
  clearTimeout(impatient)
}

/** Whoever read what is said here may be the one that is gone; that is no reason to break off. */
function outliveReaders({ stdout, stderr }: Io): void {
  for (const stream of [stdout, stderr]) stream.on?.('error', () => {})
}

/** The address that reaches it from this machine. */
function shownHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0') return LOOPBACK
  if (address === '::') return '[::1]'
  return family === 'IPv6' ? `[${address}]` : address
}

function isLoopback({ address }: AddressInfo): boolean {
  return address.startsWith('127.') || address === '::1'
}

function numberOf(name: string, value: string | undefined): number | undefined {
  return value === undefined ? undefined : wholeNumber({ name, value })
}

/** Whether the file, folder or host of a database can be reached, before anything is opened. */

import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { readServer } from '../../config/server.ts'
import type { Env, Resolved } from '../../config.ts'
import type { Finding } from './finding.ts'

/** Milliseconds after which a host counts as one that does not answer. */
const PATIENCE = 5000

export async function placeFindings(resolved: Resolved, env: Env): Promise<readonly Finding[]> {
  const { path, target, driver } = resolved
  if (target === 'memory') return []
  if (path !== undefined) return [await fileFinding(path, driver === 'pglite')]
  // Neon is spoken to over a WebSocket, at another address than the URL's.
  if (driver === 'neon') return []
  const servers = [target]
  if (resolved.directUrl !== undefined) {
    const direct = readServer({ name: 'DATABASE_URL_UNPOOLED', value: resolved.directUrl }, env)
    servers.push(direct.target)
  }
  return Promise.all(servers.map((server, index) => serverFinding(server, index > 0)))
}

async function fileFinding(path: string, isFolder: boolean): Promise<Finding> {
  const about = isFolder ? 'folder' : 'file'
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return emptyFinding(path, about)
  if (found.isDirectory() !== isFolder) {
    const says = `${path} is ${isFolder ? 'no folder' : 'a folder, and SQLite keeps a file'}`
    return { about, state: 'problem', says, fix: `mv ${quoted(path)} ${quoted(`${path}.old`)}` }
  }
  // SQLite makes files beside its own, and needs the folder for that.
  for (const place of [path, dirname(path)]) {
    if (await isWritable(place)) continue
    const says = `${place} may not be written by this process (${whoAmI()})`
    return { about, state: 'problem', says, fix: `sudo chown ${whoAmI()} ${quoted(place)}` }
  }
  return { about, state: 'ok', says: `${path} may be read and written` }
}

/** Nothing there yet: what counts is the nearest folder that is. */
async function emptyFinding(path: string, about: string): Promise<Finding> {
  let folder = dirname(path)
  for (;;) {
    const found = await stat(folder).catch(() => undefined)
    if (found === undefined && dirname(folder) !== folder) {
      folder = dirname(folder)
      continue
    }
    if (found?.isDirectory() && (await isWritable(folder))) {
      return { about, state: 'ok', says: `${path} is not there yet, and can be made` }
    }
    const says = `${path} is not there, and ${folder} ${found?.isDirectory() ? `may not be written by this process (${whoAmI()})` : 'is no folder'}`
    const fix = `sudo mkdir -p ${quoted(dirname(path))} && sudo chown ${whoAmI()} ${quoted(dirname(path))}`
    return { about, state: 'problem', says, fix }
  }
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
}

function whoAmI(): string {
  return String(process.getuid?.() ?? process.env.USERNAME ?? 'this user')
}

function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}

/** `target` is `host:port/database`; a host that begins with a slash is the folder of a socket. */
async function serverFinding(target: string, isDirect: boolean): Promise<Finding> {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d+)/.exec(target) ?? []
  const address = host.startsWith('/')
    ? { path: `${host}/.s.PGSQL.${port}` }
    : { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  const place = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host}:${port}`
  const about = isDirect ? 'direct host' : 'host'
  const variable = isDirect ? 'DATABASE_URL_UNPOOLED' : 'DATABASE_URL'
  try {
    await knock(address)
    return { about, state: 'ok', says: `${place} answers` }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const unknown = code === 'ENOTFOUND' || code === 'EAI_AGAIN'
    const says = unknown ? `there is no host ${host}` : `${place} does not answer: ${message || code}`
    // Its own computer is one where a server can be started.
    const isLocal = /^(localhost|127\.|\[?::1|\/)/.test(host)
    const fix = isLocal
      ? 'docker compose --profile postgres up -d   # or start the Postgres of this computer'
      : `${variable}=postgres://user:password@host:5432/database   # with the host and port of a server that runs`
    return { about, state: 'problem', says, fix }
  }
}

function knock(address: { readonly path: string } | { readonly host: string; readonly port: number }) {
  return new Promise<void>((resolve, reject) => {
    const socket = connect({ ...address, timeout: PATIENCE })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => {
      socket.destroy()
      reject(new Error(`nothing within ${PATIENCE / 1000} seconds`))
    })
    socket.once('error', reject)
  })
}

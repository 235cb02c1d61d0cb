/**
 * A PgBouncer in transaction mode before a server, on a loopback port: each statement or transaction may get another
 * connection of the server's, as behind Neon's pooler. It is the system's own (`apt-get install pgbouncer`).
 */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRoot } from './embedded-postgres.ts'
import { freePort } from './free-port.ts'
import { startReaper } from './reaper.ts'

export interface PgBouncer extends AsyncDisposable {
  /** Any database of the server, marked as pooled. */
  url(databaseName?: string): string
}

const PID_FILE = 'pgbouncer.pid'
const NOBODY = 65534

/** Where it is installed, or undefined. Debian keeps it off the path of ordinary users. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((file) => existsSync(file))
}

/** `connections`: to each database of the server. Gone afterwards, however the process ends. */
export async function startPgBouncer(
  program: string,
  serverUrl: string,
  { connections = 10 }: { readonly connections?: number } = {},
): Promise<PgBouncer> {
  const server = new URL(serverUrl)
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'terrace-pgbouncer-'))
  const reaper = startReaper(folder, PID_FILE)
  const file = (name: string) => join(folder, name)
  await writeFile(file('users.txt'), `"${server.username}" "${decodeURIComponent(server.password)}"\n`)
  const settings = {
    ...{ listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '', pidfile: file(PID_FILE) },
    ...{ auth_type: 'trust', auth_file: file('users.txt'), logfile: file('log.txt') },
    ...{ pool_mode: 'transaction', default_pool_size: connections, max_client_conn: 1000 },
    // Seconds after which a server that was away is asked again.
    server_login_retry: 1,
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`)
  const anyDatabase = `* = host=${server.hostname} port=${server.port}`
  await writeFile(file('config.ini'), `[databases]\n${anyDatabase}\n[pgbouncer]\n${lines.join('\n')}\n`)
  // It refuses to be root.
  const nobody = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  if (isRoot) {
    for (const each of [folder, file('users.txt'), file('config.ini')]) await chown(each, NOBODY, NOBODY)
  }
  const child = spawn(program, ['-q', file('config.ini')], {
    stdio: ['ignore', 'ignore', 'ignore'],
    ...nobody,
  })
  let failure = ''
  child.once('error', ({ message }) => {
    failure = message
  })
  // The reaper ends it.
  child.unref()
  for (const deadline = Date.now() + 10_000; !(await answers(port)); await sleep(50)) {
    const hasEnded = child.pid === undefined || child.exitCode !== null || child.signalCode !== null
    if (!hasEnded && Date.now() < deadline) continue
    const log = await readFile(file('log.txt'), 'utf8').catch(() => failure)
    child.kill('SIGKILL')
    await reaper.release()
    throw new Error(`PgBouncer did not start: ${log}`)
  }
  return {
    url: (databaseName = 'postgres') =>
      `postgres://${server.username}@127.0.0.1:${port}/${databaseName}?pgbouncer=true`,
    [Symbol.asyncDispose]: reaper.release,
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const answer = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
}

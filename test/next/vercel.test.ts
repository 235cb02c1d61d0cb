/**
 * What Vercel's own package makes of our pools. It finds the request that is served on `globalThis`, where Vercel puts
 * it; that, and Vercel's variables, are stood in for here.
 */

import { afterEach, describe, expect, inject, test, vi } from 'vitest'
import { createSystem } from '../../src/system.ts'
import { runChild } from '../support/child.ts'
import { createTestDatabase } from '../support/databases.ts'
import { useNeonProxy } from '../support/neon-proxy.ts'
import { selectedTiers } from '../support/tiers.ts'

const CONTEXT = Symbol.for('@vercel/request-context')

/** Answers what keeps the instance awake: promises that Vercel was given to wait for. */
function serveRequest(): Promise<unknown>[] {
  const waitedFor: Promise<unknown>[] = []
  const context = { waitUntil: (promise: Promise<unknown>) => void waitedFor.push(promise) }
  Object.assign(globalThis, { [CONTEXT]: { get: () => context } })
  vi.stubEnv('VERCEL_URL', 'fresh.vercel.app')
  vi.stubEnv('VERCEL_REGION', 'fra1')
  return waitedFor
}

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  Reflect.deleteProperty(globalThis, CONTEXT)
})

const drivers = (['pg', 'neon'] as const).filter((driver) =>
  selectedTiers().includes(driver === 'pg' ? 'postgres' : 'neon'),
)

describe.each(drivers)('%s', (driver) => {
  const env = (url: string, more: Record<string, string> = {}) => ({
    DATABASE_URL: url,
    TERRACE_DB_DRIVER: driver,
    TERRACE_DB_MIGRATE: 'auto',
    ...more,
  })

  test('an instance on Vercel stays awake until its idle connections are closed', async () => {
    if (driver === 'neon') useNeonProxy(inject('neonProxy')!)
    const database = await createTestDatabase()
    try {
      const waitedFor = serveRequest()
      const system = await createSystem({ env: env(database.url, { VERCEL: '1' }) })
      await system.workspaces.create({ title: 'W' })
      expect(waitedFor.length).toBeGreaterThan(0)
      const others = `select count(*)::int as count from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`
      // The cast: what pg answers.
      const count = async () =>
        ((await database.query(others)) as { rows: { count: number }[] }).rows[0]!.count
      expect(await count()).toBeGreaterThan(0)
      await Promise.all(waitedFor)
      // The goodbye is on its way.
      await vi.waitFor(async () => expect(await count()).toBe(0))
      // And it goes on as if nothing had been.
      expect(await system.workspaces.count()).toBe(1)
      await system.close()
    } finally {
      await database.drop()
    }
  })

  test('elsewhere nothing waits for them', async () => {
    if (driver === 'neon') useNeonProxy(inject('neonProxy')!)
    const database = await createTestDatabase()
    try {
      const waitedFor = serveRequest()
      const system = await createSystem({ env: env(database.url) })
      await system.workspaces.create({ title: 'W' })
      expect(waitedFor).toEqual([])
      await system.close()
    } finally {
      await database.drop()
    }
  })
})

test('without the package it goes on, and says once what to install', async () => {
  const { code, lines, stderr } = await runChild(
    `const { registerHooks } = await import('node:module')
    registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier.replace(/^@vercel.functions/, '@vercel/functions-that-are-not-there'), context),
    })
    const { attachingToVercel } = await import('${process.cwd()}/src/engine/postgres/vercel.ts')
    console.log(await attachingToVercel(), await attachingToVercel())`,
  )
  expect({ code, lines: [...lines] }).toEqual({ code: 0, lines: ['undefined undefined'] })
  expect(stderr.match(/idle connections outlive/g)).toHaveLength(1)
})

/** A System from its opening to its end, on every tier: what health says, what closing waits for, who may leave. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ClosedError } from '../../src/errors.ts'
import { migrations } from '../../src/migrations/generated.ts'
import { createSystem, type Health } from '../../src/system.ts'
import { runChild } from '../support/child.ts'
import { selectedTiers } from '../support/tiers.ts'
import { createPlace, type TestPlace } from './databases.ts'

const cwd = fileURLToPath(new URL('../..', import.meta.url))

describe.each(selectedTiers())('on %s', (tier) => {
  let place: TestPlace

  beforeAll(async () => {
    place = await createPlace(tier)
  })

  afterAll(() => place[Symbol.asyncDispose]())

  test('health says which database it is, and after the end that it is over', async () => {
    const system = await createSystem(place.options)
    const engine = tier === 'sqlite' || tier === 'memory' ? tier : 'postgres'
    const about: Partial<Health> = {
      tier: engine,
      driver: tier === 'postgres' || tier === 'server' ? 'pg' : tier,
      target: place.target,
      schema: engine === 'memory' ? null : migrations[engine].at(-1)!.tag,
    }
    const health = await system.health()
    expect(health).toMatchObject({ status: 'ok', ...about })
    expect(health.reason).toMatch(/./)
    expect(health.latencyMs).toBeGreaterThanOrEqual(0)
    expect(health).not.toHaveProperty('error')
    expect(await system.in('somewhere').health()).toMatchObject({ status: 'ok', ...about })
    await system.close()
    const over = await system.health()
    expect(over).toMatchObject({
      status: 'error',
      ...about,
      error: 'this System is closed; create a new one',
    })
    if (place.password !== undefined) expect(JSON.stringify([health, over])).not.toContain(place.password)
  })

  test('closing waits for what was accepted before, and refuses what comes after', async () => {
    const system = await createSystem(place.options)
    const { id } = await system.workspaces.create({ title: 'accepted' })
    const accepted = [
      system.workspaces.create({ title: 'one' }),
      system.workspaces.update(id, { title: 'changed' }),
      system.workspaces.get(id),
      system.workspaces.list(),
      system.transaction(async (tx) => {
        await tx.workspaces.create({ title: 'inside' })
        await new Promise((resolve) => setTimeout(resolve, 10))
        return tx.workspaces.count({ title: 'inside' })
      }),
      system.transaction((tx) => tx.workspaces.create({ title: 'in its turn' })),
      system.workspaces.create({ title: 'behind a transaction' }),
    ]
    const closing = system.close()
    const late = [
      system.workspaces.get(id),
      system.workspaces.create({ title: 'late' }),
      system.transaction(async () => {}),
      system.engine.notify('work', 'late'),
      system.engine.listen('work', () => {}),
    ].map((each) => expect(each).rejects.toThrow(ClosedError))
    expect((await Promise.allSettled(accepted)).map(({ status }) => status)).toEqual(
      accepted.map(() => 'fulfilled'),
    )
    await closing
    await Promise.all(late)
    // A second time is fine.
    await system.close()

    // A lone call that has not even been gathered.
    const next = await createSystem(place.options)
    const call = next.workspaces.get('nobody')
    await next.close()
    expect(await call).toBeNull()
  })

  test('`await using` closes it, and closing from within a transaction is refused', async () => {
    let workspaces: Awaited<ReturnType<typeof createSystem>>['workspaces']
    {
      await using system = await createSystem(place.options)
      workspaces = system.workspaces
      await expect(system.transaction(() => system.close())).rejects.toMatchObject({
        code: 'TRANSACTION_SCOPE',
      })
      expect(await workspaces.list()).toMatchObject({ next: null })
    }
    await expect(workspaces.list()).rejects.toThrow(ClosedError)
  })

  // PGlite runs within the process, and Neon's WebSocket keeps one alive until the pool lets go of it.
  const mayForget = tier !== 'pglite' && tier !== 'neon'

  test.each(['closes', ...(mayForget ? ['forgets to close'] : [])])(
    'a script that %s its System ends by itself',
    async (does) => {
      const neon =
        tier === 'neon'
          ? `import { neonConfig } from '@neondatabase/serverless'
           Object.assign(neonConfig, { useSecureWebSocket: false, wsProxy: () => '${inject('neonProxy')}' })`
          : ''
      const { lines, ...end } = await runChild(
        `${neon}
       import { createSystem } from './src/index.ts'
       const system = await createSystem(${JSON.stringify(place.options)})
       await Promise.all(['a', 'b', 'c'].map((title) => system.workspaces.create({ title })))
       await Promise.all(['a', 'b', 'c'].map((title) => system.workspaces.list({ title })))
       await system.transaction((tx) => tx.workspaces.count())
       ${does === 'closes' ? 'await system.close()' : ''}
       console.log('end')`,
        { cwd },
      )
      expect({ lines: lines.slice(-1), ...end }).toEqual({
        lines: ['end'],
        code: 0,
        signal: null,
        stderr: '',
      })
    },
  )
})

/** What leans on the database, on each kind of it: changes that others make, and pages of lists. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed } from '../../src/conformance/verbs.ts'
import { createHandler } from '../../src/server/index.ts'
import { createTestClock } from '../../src/testing/clock.ts'
import { createHarness, type TierHarness } from '../support/harness.ts'
import { selectedTiers } from '../support/tiers.ts'
import { ask, follow, post } from './support.ts'

const tiers = selectedTiers().filter((tier) => ['memory', 'sqlite', 'postgres'].includes(tier))

describe.each(tiers)('on %s', (tier) => {
  let harness: TierHarness
  beforeAll(async () => {
    harness = await createHarness(tier)
  })
  afterAll(() => harness.stop())

  test('what another System changes is told, store by store, and what nobody changes is not', async () => {
    const clock = createTestClock()
    await using system = await harness.open({ clock })
    await using other = await harness.openSecond({ clock })
    const [at, theirs] = [await seed(system, 'Mine'), await seed(system, 'Theirs')]
    await using handler = createHandler({ system, limits: { pollMs: 10 } })
    await using events = await follow(handler, `/events?workspaceId=${at.workspaceId}`)
    await expect.poll(() => events.names()).toEqual(['ready'])
    await other.tasks.start(theirs.taskId)
    await other.tasks.start(at.taskId)
    await other.messages.append(at.conversationId, { role: 'user', content: 'Hello' })
    await other.leases.steal(at.leaseName, { workspaceId: at.workspaceId, holder: 'eve', ttl: '1h' })
    await other.settings.delete(at.scope, 'theme')
    await other.notes.append(at.noteId, '!')
    const told = ['changed tasks', 'changed conversations', 'changed leases', 'changed settings']
    for (const text of [...told, `note ${at.noteId} edited`])
      await expect.poll(() => events.all()).toContain(text)
    // A turn more, in which nothing has changed.
    await other.teams.update(at.teamId, { name: 'Changed' })
    await expect.poll(() => events.all()).toContain('changed teams')
    const known = new Set([...told, 'changed teams', 'changed notes', 'ready', `note ${at.noteId} edited`])
    expect(events.all().filter((text) => !known.has(text))).toEqual([])
  })

  test('a list is read page by page, by its cursors', async () => {
    await using system = await harness.open({ clock: createTestClock() })
    await using handler = createHandler({ system })
    const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
    const batch = Array.from({ length: 7 }, (_, i) => ({ key: `k${i}`, title: `T${i}`, priority: i % 3 }))
    expect((await ask(handler, '/stores/tasks/declareBatch', post([workspaceId, batch]))).status).toBe(200)
    const keys: string[] = []
    let after = ''
    do {
      const page = await ask(handler, `/stores/tasks?order=-priority,key&limit=3${after}`)
      const { items, next } = page.body as { items: { key: string }[]; next: string | null }
      keys.push(...items.map(({ key }) => key))
      after = next === null ? '' : `&after=${next}`
    } while (after !== '')
    expect(keys.join()).toBe('k2,k5,k1,k4,k0,k3,k6')
  })
})

/**
 * The program that the demo runs on every tier: a small crew ships a release. It knows no tier. What it
 * answers is what was kept and what was refused, so that three runs can be compared word for word.
 */

import { createSystem, type System, type SystemOptions, TerraceError } from '../../src/index.ts'
import { createTestClock } from '../../src/testing/index.ts'

export interface Report {
  /** Everything the System answered, as text, with ids by order of appearance. */
  readonly transcript: readonly string[]
  readonly kept: Readonly<Record<string, string>>
  readonly refused: readonly { readonly what: string; readonly code: string }[]
  /** After closing and opening again; null where nothing outlives the process. */
  readonly reopened: string | null
  readonly target: string
}

export async function runProgram(options: SystemOptions, persists: boolean): Promise<Report> {
  const clock = createTestClock('2026-11-20T09:00:00.000Z')
  const transcript: string[] = []
  const refused: { what: string; code: string }[] = []
  const ids = new Map<string, string>()
  const nameOf = (id: string) => {
    if (!ids.has(id)) ids.set(id, `#${ids.size + 1}`)
    return ids.get(id)!
  }
  const say = (what: string, answer: unknown) => {
    transcript.push(`${what}: ${(JSON.stringify(answer) ?? 'undefined').replace(UUID, nameOf)}`)
  }
  const expectRefusal = async (what: string, call: Promise<unknown>) => {
    const error = await call.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!(error instanceof TerraceError)) throw new Error(`${what} was not refused`, { cause: error })
    refused.push({ what, code: error.code })
    say(`refused ${what}`, error.code)
  }

  const system = await createSystem({ ...options, clock })

  // A crew, its conversation and its tasks.
  const workspace = await system.workspaces.create({ title: 'Release 1.0' })
  const inside = { workspaceId: workspace.id }
  const team = await system.teams.create({ ...inside, name: 'Shipping' })
  const ada = await system.agents.create({ ...inside, name: 'Ada', role: 'lead', teamId: team.id })
  const bo = await system.agents.create({ ...inside, name: 'Bo', role: 'developer', parentId: ada.id })
  const cy = await system.agents.create({ ...inside, name: 'Cy', role: 'reviewer', parentId: ada.id })
  say('crew', await system.agents.listByParent(ada.id))
  const talk = await system.conversations.getOrCreate({ ...inside, platform: 'web', platformId: '42' })
  const tasks = await system.tasks.declareBatch(workspace.id, [
    { key: 'build', title: 'Build', priority: 2 },
    { key: 'test', title: 'Test', priority: 1 },
    { key: 'ship', title: 'Ship 🚀', dependsOn: ['build', 'test'] },
  ])
  const [build, test, ship] = tasks as [(typeof tasks)[0], (typeof tasks)[0], (typeof tasks)[0]]
  say('ready', await system.tasks.ready(workspace.id))

  // Several writers at once: forty messages by four agents, and no number is missing or given twice.
  const writers = [ada, bo, cy, ada]
  await Promise.all(
    writers.map(async (agent, w) => {
      for (let i = 0; i < 10; i++) {
        await system.messages.append(talk.id, { role: 'assistant', senderId: agent.id, content: `${w}.${i}` })
      }
    }),
  )
  const said = await system.messages.last(talk.id, 100)
  const gapless = said.every((message, i) => message.seq === i + 1)
  say(
    'message numbers',
    said.map(({ seq }) => seq),
  )

  // Eight agents grab one task; one gets it.
  const grabs = await Promise.allSettled(Array.from({ length: 8 }, () => system.tasks.start(build.id)))
  const winners = grabs.filter(({ status }) => status === 'fulfilled').length
  say('winners', winners)
  await system.tasks.assign(build.id, bo.id)
  // Both that `ship` waits for are finished at the same moment; it becomes ready once.
  await system.tasks.start(test.id, { agentId: cy.id })
  clock.advance(60_000)
  await Promise.all([system.tasks.complete(build.id, { summary: 'green' }), system.tasks.complete(test.id)])
  say('ship', (await system.tasks.get(ship.id))?.status)

  // Racing changes of one JSON object, and of one setting: none is lost.
  await Promise.all(
    ['lint', 'bench', 'docs'].map((step) => system.tasks.update(ship.id, { metadata: { [step]: true } })),
  )
  await Promise.all(['a', 'b', 'c'].map((name) => system.settings.merge('app', 'flags', { [name]: true })))
  say('metadata', (await system.tasks.get(ship.id))?.metadata)
  say('flags', await system.settings.get('app', 'flags'))

  // All or nothing.
  await system.transaction(async (tx) => {
    const note = await tx.tasks.create({ ...inside, title: 'Write the announcement', dependsOn: [ship.id] })
    await tx.messages.append(talk.id, { role: 'system', content: `added ${note.title}` })
  })
  await expectRefusal(
    'a transaction that fails half-way',
    system.transaction(async (tx) => {
      await tx.tasks.create({ ...inside, title: 'Never seen' })
      await tx.agents.create({ ...inside, name: 'Nobody', role: 'ghost', teamId: 'no such team' })
    }),
  )

  // What no tier accepts.
  const stranger = await system.workspaces.create({ title: 'Somebody else’s' })
  const secret = await system.tasks.create({ workspaceId: stranger.id, title: 'Secret' })
  const mine = system.in(workspace.id)
  await expectRefusal('a circle of tasks', system.tasks.addDependency(ship.id, ship.id))
  await expectRefusal('starting a task twice', system.tasks.start(build.id))
  await expectRefusal('a stale version', system.tasks.update(ship.id, { scope: 'all' }, { ifVersion: 1 }))
  await expectRefusal('a title that is too long', system.tasks.create({ ...inside, title: 'x'.repeat(1025) }))
  await expectRefusal('text with NUL', system.messages.append(talk.id, { role: 'user', content: 'a\0b' }))
  await expectRefusal(
    'a workspace that is not there',
    system.tasks.create({ workspaceId: 'nowhere', title: 'Lost' }),
  )
  await expectRefusal('the same key twice', system.tasks.create({ ...inside, key: 'build', title: 'Again' }))
  await expectRefusal('another workspace’s task', mine.tasks.update(secret.id, { title: 'Mine now' }))
  await expectRefusal(
    'the outer system in a transaction',
    system.transaction(() => system.tasks.get(ship.id)),
  )
  say('seen from inside', [await mine.tasks.get(secret.id), await mine.tasks.count()])

  const state = async (on: System) => ({
    agents: (await on.agents.list(inside)).items,
    tasks: (await on.tasks.list(inside, { order: { priority: 'desc' } })).items,
    messages: await on.messages.last(talk.id, 100),
  })
  const before = await state(system)
  // Who of several writers came first is the one thing that may differ.
  const texts = before.messages.map(({ senderId, content }) => ({ senderId, content }))
  texts.sort((a, b) => (a.content < b.content ? -1 : 1))
  say('in the end', { ...before, messages: texts })
  const { target } = await system.health()
  await system.close()

  const report = {
    transcript,
    refused,
    target,
    kept: {
      agents: String(before.agents.length),
      messages: `${before.messages.length}, ${gapless ? 'none missing' : 'NUMBERS MISSING'}`,
      tasks: before.tasks.map(({ title, status }) => `${title} (${status})`).join(', '),
      'of 8 that started one task': String(winners),
    },
  }
  if (!persists) return { ...report, reopened: null }
  await using again = await createSystem({ ...options, clock })
  const same = JSON.stringify(await state(again)) === JSON.stringify(before)
  if (!same) throw new Error('what was opened again is not what was closed')
  return { ...report, reopened: 'all of it' }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g

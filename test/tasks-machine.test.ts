/** The task machine against a naive model that recounts everything after every verb. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryEngine } from '../src/engine/memory/engine.ts'
import { TerraceError } from '../src/errors.ts'
import { type Task, type TaskStatus, taskDependencies, tasks } from '../src/schema/tasks.ts'
import { createStores } from '../src/stores/stores.ts'

const IDS = ['a', 'b', 'c', 'd', 'e'] as const

const moves = {
  start: { from: ['ready'], to: 'running' },
  complete: { from: ['running', 'review', 'paused'], to: 'done' },
  fail: { from: ['running', 'review'], to: 'failed' },
  review: { from: ['running'], to: 'review' },
  reject: { from: ['review'], to: 'running' },
  pause: { from: ['pending', 'ready', 'running'], to: 'paused' },
  resume: { from: ['paused'], to: 'standing' },
  retry: { from: ['failed'], to: 'standing' },
  reopen: { from: ['done'], to: 'standing' },
  skip: {
    from: ['pending', 'ready', 'running', 'review', 'blocked', 'paused', 'failed'],
    to: 'skipped',
  },
  cancel: {
    from: ['pending', 'ready', 'running', 'review', 'blocked', 'paused', 'failed'],
    to: 'cancelled',
  },
  forceReady: { from: ['pending', 'blocked'], to: 'ready' },
} as const satisfies Record<string, { from: readonly TaskStatus[]; to: TaskStatus | 'standing' }>
type Verb = keyof typeof moves

type Command =
  | { readonly does: Verb | 'delete'; readonly id: string }
  | { readonly does: 'create'; readonly id: string; readonly dependsOn: readonly string[] }
  | { readonly does: 'addDependency' | 'removeDependency'; readonly id: string; readonly other: string }
/** Which verb it is depends on where the task stands, so that most of them lead somewhere. */
type Move = { readonly does: 'move'; readonly id: string; readonly nth: number; readonly wild: boolean }

const verbs = Object.keys(moves) as Verb[]
const id = fc.constantFrom(...IDS)
const draft: fc.Arbitrary<Command | Move> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      does: fc.constant('move' as const),
      id,
      nth: fc.nat(11),
      wild: fc.integer({ min: 1, max: 5 }).map((n) => n === 5),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom('addDependency' as const, 'addDependency' as const, 'removeDependency' as const),
      id,
      other: id,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('create' as const),
      id,
      dependsOn: fc.subarray([...IDS], { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('delete' as const), id }) },
)

function decide(draft: Command | Move, status: TaskStatus | undefined, allowed = verbs): Command {
  if (draft.does !== 'move') return draft
  const leading = allowed.filter((verb) => {
    const { from, to } = moves[verb]
    return (from as readonly TaskStatus[]).includes(status!) && to !== 'skipped' && to !== 'cancelled'
  })
  const choice = draft.wild || leading.length === 0 ? allowed : leading
  return { does: choice[draft.nth % choice.length]!, id: draft.id }
}

/** Tasks to begin with, each waiting for some of those before it. */
const beginning: fc.Arbitrary<readonly Command[]> = fc.tuple(
  ...IDS.map((id, i) =>
    fc.record({
      does: fc.constant('create' as const),
      id: fc.constant(id),
      dependsOn: fc.subarray(IDS.slice(0, i)),
    }),
  ),
)

// ---------------------------------------------------------------- the model

interface ModelTask {
  status: TaskStatus
  wasRunning: boolean
  readonly dependsOn: Set<string>
}
type Model = Map<string, ModelTask>

const isOpen = (status: TaskStatus) => !['done', 'skipped', 'cancelled'].includes(status)
const statuses = (model: Model, task: ModelTask) => [...task.dependsOn].map((id) => model.get(id)!.status)

function standing(model: Model, task: ModelTask): TaskStatus {
  const awaited = statuses(model, task)
  return awaited.includes('failed') ? 'blocked' : awaited.some(isOpen) ? 'pending' : 'ready'
}

/** After what a task waits for has changed. What was readied by force stays so until more is to wait for. */
function settle(model: Model, task: ModelTask, more: boolean): void {
  const waits = task.status === 'pending' || task.status === 'blocked'
  if (waits || (more && task.status === 'ready')) task.status = standing(model, task)
}

function reaches(model: Model, from: string, to: string): boolean {
  return from === to || [...model.get(from)!.dependsOn].some((next) => reaches(model, next, to))
}

/** Changes the model and answers 'ok', or answers the code of the error and changes nothing. */
function predict(model: Model, command: Command): string {
  const { does, id } = command
  const task = model.get(id)
  if (does === 'create') {
    if (command.dependsOn.includes(id)) return 'VALIDATION'
    if (command.dependsOn.some((other) => !model.has(other))) return 'REFERENCE'
    if (task !== undefined) return 'ALREADY_EXISTS'
    const fresh: ModelTask = { status: 'ready', wasRunning: false, dependsOn: new Set(command.dependsOn) }
    fresh.status = standing(model, fresh)
    model.set(id, fresh)
    return 'ok'
  }
  if (does === 'delete') {
    const dependents = [...model.values()].filter((other) => other.dependsOn.delete(id))
    model.delete(id)
    if (task !== undefined && isOpen(task.status)) for (const other of dependents) settle(model, other, false)
    return 'ok'
  }
  if (task === undefined) return 'NOT_FOUND'
  if (does === 'addDependency') {
    const other = model.get(command.other)
    if (id === command.other) return 'VALIDATION'
    if (task.dependsOn.has(command.other)) return 'ok'
    if (!['pending', 'ready', 'blocked', 'paused'].includes(task.status)) return 'INVALID_TRANSITION'
    if (other === undefined) return 'REFERENCE'
    if (reaches(model, command.other, id)) return 'VALIDATION'
    task.dependsOn.add(command.other)
    if (isOpen(other.status)) settle(model, task, true)
    return 'ok'
  }
  if (does === 'removeDependency') {
    const other = model.get(command.other)
    if (task.dependsOn.delete(command.other) && isOpen(other!.status)) settle(model, task, false)
    return 'ok'
  }
  const { from, to } = moves[does]
  if (!(from as readonly TaskStatus[]).includes(task.status)) return 'INVALID_TRANSITION'
  if (does === 'pause') task.wasRunning = task.status === 'running'
  task.status =
    does === 'resume' && task.wasRunning ? 'running' : to === 'standing' ? standing(model, task) : to
  if (['complete', 'fail', 'retry', 'reopen', 'skip', 'cancel'].includes(does)) {
    for (const other of model.values()) if (other.dependsOn.has(id)) settle(model, other, does === 'reopen')
  }
  return 'ok'
}

// ---------------------------------------------------------------- the store

async function fixture() {
  const engine = createMemoryEngine()
  const stores = createStores(engine)
  await stores.workspaces.create({ id: 'w', title: 'W' })
  const run = async (command: Command): Promise<string> => {
    const { does, id } = command
    try {
      if (does === 'create') {
        await stores.tasks.create({ id, workspaceId: 'w', title: id, dependsOn: command.dependsOn })
      } else if ('other' in command) await stores.tasks[command.does](id, command.other)
      else await stores.tasks[command.does](id)
      return 'ok'
    } catch (error) {
      if (error instanceof TerraceError) return error.code
      throw error
    }
  }
  /** What the store holds, and what its counters should be by recounting. */
  const read = async () => {
    const rows = await engine.find(tasks, { orderBy: [['id', 'asc']] })
    const edges = await engine.find(taskDependencies)
    const statusById = new Map(rows.map((row) => [row.id, row.status]))
    const counted = rows.map((row) => {
      const awaited = edges
        .filter((edge) => edge.taskId === row.id)
        .map((edge) => statusById.get(edge.dependsOnId)!)
      return {
        id: row.id,
        openDependencies: awaited.filter(isOpen).length,
        failedDependencies: awaited.filter((status) => status === 'failed').length,
        dependents: edges.filter((edge) => edge.dependsOnId === row.id).length,
      }
    })
    return { rows, counted }
  }
  return { engine, run, read }
}

const counters = ({ id, openDependencies, failedDependencies, dependents }: Task) => ({
  id,
  openDependencies,
  failedDependencies,
  dependents,
})

test('one verb after another, statuses, counters and refusals are those of recounting', async () => {
  const programs = fc.tuple(beginning, fc.array(draft, { minLength: 20, maxLength: 80 }))
  await fc.assert(
    fc.asyncProperty(programs, async ([created, drafts]) => {
      const { engine, run, read } = await fixture()
      const model: Model = new Map()
      for (const draft of [...created, ...drafts]) {
        const command = decide(draft, model.get(draft.id)?.status)
        const before = (await read()).rows
        const expected = predict(model, command)
        expect(await run(command)).toBe(expected)
        const { rows, counted } = await read()
        expect(rows.map(counters)).toEqual(counted)
        expect(rows.map((row) => [row.id, row.status])).toEqual(
          [...model].map(([id, { status }]) => [id, status]).sort(),
        )
        if (expected !== 'ok') expect(rows).toEqual(before)
      }
      await engine.close()
    }),
    { numRuns: 250 },
  )
})

test('many verbs at once leave counters that match the dependencies, and statuses that match the counters', async () => {
  // What is readied by force stands where its counters do not put it.
  const unforced = verbs.filter((verb) => verb !== 'forceReady')
  const rounds = fc.array(fc.array(draft, { minLength: 2, maxLength: 8 }), { minLength: 5, maxLength: 15 })
  await fc.assert(
    fc.asyncProperty(beginning, rounds, async (created, rounds) => {
      const { engine, run, read } = await fixture()
      for (const command of created) await run(command)
      for (const drafts of rounds) {
        const statusById = new Map((await read()).rows.map((row) => [row.id, row.status]))
        await Promise.all(drafts.map((draft) => run(decide(draft, statusById.get(draft.id), unforced))))
        const { rows, counted } = await read()
        expect(rows.map(counters)).toEqual(counted)
        for (const { status, openDependencies, failedDependencies } of rows) {
          if (!['pending', 'ready', 'blocked'].includes(status)) continue
          expect(status).toBe(failedDependencies > 0 ? 'blocked' : openDependencies > 0 ? 'pending' : 'ready')
        }
      }
      await engine.close()
    }),
    { numRuns: 60 },
  )
})

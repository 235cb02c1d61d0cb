/**
 * The suite is itself tested: for every rule there is an engine, a store or a line of code that breaks it, and at least
 * the scenario that names the rule must fail. Which ones fail is pinned, and every one of these has to fail again.
 * `TERRACE_PIN=1` runs each against its part of the suite, which takes minutes, and pins them anew: the rule's own scenario, and
 * those that fail by themselves rather than hang. What fails of notes hangs on what comes first, and on timers; so the
 * mutants name themselves those that fail in every run.
 */

import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scenarios } from '../src/conformance/index.ts'
import type { Mutant } from './mutants/mutant.ts'
import { mutants } from './mutants/mutants.ts'
import type { Noticed } from './mutants/run.ts'
import { type Child, startChild } from './support/child.ts'

const file = new URL('./mutants/pinned.json', import.meta.url)
const pinning = process.env.TERRACE_PIN === '1'
/** More than there are cores: what is broken is mostly waited for. */
const WORKERS = 4
/** Milliseconds for one scenario: unbroken, the slowest takes 200 on a machine that does nothing else. */
const PATIENCE = pinning ? 4000 : 15_000
/** No mutant stops its own process for longer. */
const DEADLINE = 300_000

/** By mutant; the engine as it is has no name. */
const failures = new Map<string, ReturnType<typeof Promise.withResolvers<Noticed>>>()
for (const id of ['', ...mutants.map((mutant) => mutant.id)]) failures.set(id, Promise.withResolvers())
let pinned: Record<string, readonly string[]> = {}

/** Parts of the suite that wait for timers. */
const TIMED = ['notes', 'backgroundTasks', 'due']
const partOf = (scenario: string) => TIMED.find((part) => scenario.startsWith(`${part}.`))

const all = scenarios.map((scenario) => scenario.id)
const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]))
/** Those that more is pinned of than they name themselves. */
const pinnable = mutants.filter(({ scenario }) => partOf(scenario) !== 'notes')

/** What a mutant has to fail. */
function expectedOf({ id, scenario, also = [] }: Mutant): string[] {
  return [...new Set([scenario, ...also, ...(pinned[id] ?? [])])].sort()
}

/** What a mutant is run against. */
function scenariosFor(id: string): readonly string[] {
  const mutant = byId.get(id)
  if (mutant === undefined) return all
  const expected = expectedOf(mutant)
  return pinning && pinnable.includes(mutant)
    ? [...all.filter((each) => partOf(each) === partOf(mutant.scenario)), ...expected]
    : expected
}

/** Takes one mutant after the other, until there are no more. In a process of its own, as some do not stop. */
async function work(waiting: Iterator<string>): Promise<void> {
  const program = new URL('./mutants/worker.ts', import.meta.url)
  let child: Child | undefined
  for (let next = waiting.next(); !next.done; next = waiting.next()) {
    const { resolve, reject } = failures.get(next.value)!
    // Code that is changed stays so.
    if (byId.get(next.value)?.source !== undefined) {
      child?.hangUp()
      child = startChild(program, { args: [next.value] })
    }
    child ??= startChild(program)
    const running = child
    const timer = setTimeout(() => running.kill('SIGKILL'), DEADLINE)
    try {
      running.say(
        JSON.stringify({
          id: next.value,
          only: scenariosFor(next.value),
          patience: next.value === '' ? DEADLINE : PATIENCE,
        }),
      )
      resolve(JSON.parse(await running.line()) as Noticed)
    } catch (error) {
      reject(error)
      child = undefined
    } finally {
      clearTimeout(timer)
    }
    if (byId.get(next.value)?.source === undefined) continue
    child?.hangUp()
    child = undefined
  }
  child?.hangUp()
}

beforeAll(async () => {
  for (const { promise } of failures.values()) promise.catch(() => {})
  if (!pinning) pinned = JSON.parse(await readFile(file, 'utf8'))
  const waiting = failures.keys()
  for (let i = 0; i < WORKERS; i++) void work(waiting)
})

afterAll(async () => {
  if (!pinning) return
  const results: Record<string, string[]> = {}
  for (const { id, scenario } of pinnable) {
    const { failed, hung } = await failures.get(id)!.promise
    results[id] = failed.filter(
      (each) => each === scenario || !(partOf(each) === 'notes' || hung.includes(each)),
    )
  }
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
})

test(
  'the engine as it is fails no scenario',
  async () => {
    expect((await failures.get('')!.promise).failed).toEqual([])
  },
  DEADLINE,
)

test('every mutant has a name of its own, and those that are pinned are all there', () => {
  expect(new Set(mutants.map((mutant) => mutant.id)).size).toBe(mutants.length)
  if (!pinning) expect(Object.keys(pinned)).toEqual(pinnable.map((mutant) => mutant.id))
})

for (const mutant of mutants) {
  test(`${mutant.id} is noticed: ${mutant.breaks}`, async () => {
    const { failed } = await failures.get(mutant.id)!.promise
    const expected = expectedOf(mutant)
    if (pinning) expect(failed).toEqual(expect.arrayContaining(expected))
    else expect(failed).toEqual(expected)
  }, 600_000)
}

test('every scenario is failed by a mutant', async () => {
  const noticed = new Set<string>()
  for (const { id } of mutants) for (const each of (await failures.get(id)!.promise).failed) noticed.add(each)
  expect(all.filter((id) => !noticed.has(id))).toEqual([])
}, 600_000)

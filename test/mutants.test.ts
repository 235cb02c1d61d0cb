/**
 * The suite is itself tested: for every rule there is an engine or a store that breaks it, and at least the
 * scenario that names the rule must fail. Which ones fail is pinned, and every one of these has to fail again.
 * `TERRACE_PIN=1` runs each against the whole suite, which takes minutes, and pins them anew: the rule's own scenario, and
 * those that fail by themselves rather than hang.
 */

import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scenarios } from '../src/conformance/index.ts'
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
const TIMED = ['notes', 'backgroundTasks']
const partOf = (scenario: string) => TIMED.find((part) => scenario.startsWith(`${part}.`))

/**
 * What a mutant is run against. To pin it, its own part of the suite, notes, jobs or the rest: documents and workers wait
 * for timers, and would do so two hundred times over.
 */
function scenariosFor(id: string): readonly string[] {
  const all = scenarios.map((scenario) => scenario.id)
  const rule = mutants.find((mutant) => mutant.id === id)?.scenario
  if (rule === undefined) return all
  if (!pinning) return [...(pinned[id] ?? []), rule]
  return all.filter((scenario) => partOf(scenario) === partOf(rule))
}

/** Takes one mutant after the other, until there are no more. In a process of its own, as some do not stop. */
async function work(waiting: Iterator<string>): Promise<void> {
  const program = new URL('./mutants/worker.ts', import.meta.url)
  let child: Child | undefined
  for (let next = waiting.next(); !next.done; next = waiting.next()) {
    const { resolve, reject } = failures.get(next.value)!
    child ??= startChild(program)
    const running = child
    const timer = setTimeout(() => running.kill('SIGKILL'), DEADLINE)
    try {
      running.say(JSON.stringify({ id: next.value, only: scenariosFor(next.value), patience: PATIENCE }))
      resolve(JSON.parse(await running.line()) as Noticed)
    } catch (error) {
      reject(error)
      child = undefined
    } finally {
      clearTimeout(timer)
    }
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
  for (const { id, scenario } of mutants) {
    const { failed, hung } = await failures.get(id)!.promise
    results[id] = failed.filter((each) => each === scenario || !hung.includes(each))
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
  if (!pinning) expect(Object.keys(pinned)).toEqual(mutants.map((mutant) => mutant.id))
})

for (const { id, breaks, scenario } of mutants) {
  test(`${id} is noticed: ${breaks}`, async () => {
    const { failed } = await failures.get(id)!.promise
    expect(failed).toContain(scenario)
    // What else fails of notes and jobs hangs on what comes first.
    if (!pinning && partOf(scenario) === undefined) expect(failed).toEqual(pinned[id])
  }, 600_000)
}

test('every scenario but those of notes is failed by a mutant', async () => {
  const noticed = new Set<string>()
  for (const { id } of mutants) for (const each of (await failures.get(id)!.promise).failed) noticed.add(each)
  // Many of notes are failed by broken engines alone, which are not run against them.
  const unnoticed = scenarios.map(({ id }) => id).filter((id) => !noticed.has(id) && partOf(id) !== 'notes')
  expect(unnoticed).toEqual([])
}, 600_000)

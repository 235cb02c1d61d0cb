/**
 * Records of people typing: `TERRACE_TRACES` names a folder with some (`<name>.json.gz`), and without it they are made
 * up: the same shape, the same kinds of edits, and characters beyond ASCII. Places and lengths count code points.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createRandom, type Random } from './random.ts'

/** Removes so many characters at a place, then inserts there. */
export type Patch = readonly [position: number, removed: number, inserted: string]

export interface Transaction {
  readonly patches: readonly Patch[]
  /** Transactions, by number, that its author had seen; of the last only. None: an empty document. */
  readonly parents: readonly number[]
  readonly agent: number
}

export interface Trace {
  readonly name: string
  readonly agents: number
  readonly startContent: string
  readonly endContent: string
  readonly transactions: readonly Transaction[]
}

export const SINGLE = 'automerge-paper'
export const CONCURRENT = ['friendsforever', 'clownschool'] as const

/** A recorded trace, or a made-up one of about this many edits. */
export function readTrace(name: typeof SINGLE | (typeof CONCURRENT)[number], size: number): Trace {
  const folder = process.env.TERRACE_TRACES
  if (folder !== undefined && folder !== '') {
    const file = join(folder, `${name}.json.gz`)
    if (!existsSync(file)) throw new Error(`TERRACE_TRACES: there is no ${file}`)
    return parse(name, gunzipSync(readFileSync(file)).toString())
  }
  if (name === SINGLE) return singleTrace(size)
  return concurrentTrace(name === 'friendsforever' ? 2 : 3, size)
}

/** The shape of the files. */
interface Recorded {
  readonly startContent?: string
  readonly endContent: string
  readonly numAgents?: number
  readonly txns: readonly {
    readonly patches: readonly Patch[]
    readonly parents?: readonly number[]
    readonly agent?: number
  }[]
}

function parse(name: string, json: string): Trace {
  const { startContent = '', endContent, numAgents = 1, txns } = JSON.parse(json) as Recorded
  const transactions = txns.map(({ patches, parents, agent = 0 }, i) => ({
    patches,
    // Of one author each follows the one before.
    parents: parents ?? (i === 0 ? [] : [i - 1]),
    agent,
  }))
  return { name: `${name}, recorded`, agents: numAgents, startContent, endContent, transactions }
}

const PIECES = [
  ...'etaoin shrdlu,.\n',
  'the ',
  'note',
  '🙂',
  '👩‍🔬',
  'é',
  'e\u0301',
  '漢字',
  '한글',
  'ß',
  '𝒳',
]

/** One author who types, deletes, and now and then goes elsewhere. */
export function singleTrace(size: number, seed = 1): Trace {
  const random = createRandom(seed)
  const text: string[] = []
  const transactions: Transaction[] = []
  let at = 0
  for (let i = 0; i < size; i++) {
    if (random.chance(0.02)) at = random.below(text.length + 1)
    const patch = typed(random, text.length, at)
    at = applyTo(text, patch)
    transactions.push({ patches: [patch], parents: i === 0 ? [] : [i - 1], agent: 0 })
  }
  return { name: 'one author, made up', agents: 1, startContent: '', endContent: text.join(''), transactions }
}

/**
 * Authors who type at the same time, each into a paragraph of his own so that no two insert at one place, and hear
 * of one another now and then.
 */
export function concurrentTrace(agents: number, size: number, seed = 2): Trace {
  const random = createRandom(seed)
  // Every author's paragraphs, marked at both ends: what is between his marks is his to change.
  const marks = Array.from({ length: agents }, (_, agent) => [`\n[${agent}`, `${agent}]`] as const)
  const skeleton = marks.map(([from, to]) => from + to).join('')
  const transactions: Transaction[] = [{ patches: [[0, 0, skeleton]], parents: [], agent: 0 }]
  const own = marks.map((): string[] => [])
  /** What each author knows of the others' paragraphs. */
  const known = marks.map(() => marks.map((): readonly string[] => []))
  /** The newest transactions that each has seen, and the newest of each. */
  const heads = marks.map((): number[] => [0])
  const newest = marks.map(() => 0)
  const cursor = marks.map(() => 0)

  const merge = (agent: number) => {
    // Others' newest contain whatever they had seen themselves.
    for (const [other, text] of own.entries()) known[agent]![other] = [...text]
    heads[agent] = [...new Set(newest)].sort((a, b) => a - b)
  }
  for (let i = 1; i < size; i++) {
    const agent = random.below(agents)
    if (random.chance(0.03)) merge(agent)
    const text = own[agent]!
    if (random.chance(0.02)) cursor[agent] = random.below(text.length + 1)
    const [at, removed, inserted] = typed(random, text.length, cursor[agent]!)
    const before = marks
      .slice(0, agent)
      .reduce((sum, mark, other) => sum + codePoints(mark.join('')) + known[agent]![other]!.length, 0)
    const offset = before + codePoints(marks[agent]![0])
    cursor[agent] = applyTo(text, [at, removed, inserted])
    known[agent]![agent] = text
    transactions.push({ patches: [[offset + at, removed, inserted]], parents: heads[agent]!, agent })
    newest[agent] = i
    heads[agent] = [i]
  }
  const endContent = marks.map(([from, to], agent) => from + own[agent]!.join('') + to).join('')
  return { name: `${agents} authors, made up`, agents, startContent: '', endContent, transactions }
}

/** The beginning of one author's trace, with the text that it had come to then. */
export function firstOf(trace: Trace, count: number): Trace {
  const transactions = trace.transactions.slice(0, count)
  const text = [...trace.startContent]
  for (const { patches } of transactions) for (const patch of patches) applyTo(text, patch)
  return { ...trace, endContent: text.join(''), transactions }
}

/** Longer ones are several. */
const RUN = 64

/**
 * The same, as clients send it that wait for a moment: what an author typed in a row, until he heard of others or one
 * of them of him, is one transaction.
 */
export function inRuns(trace: Trace): Trace {
  const { transactions } = trace
  const heardOf = new Set(
    transactions.flatMap(({ parents, agent }) =>
      parents.filter((each) => transactions[each]!.agent !== agent),
    ),
  )
  const runs: { first: number; last: number; patches: Patch[]; agent: number; length: number }[] = []
  const newest = new Map<number, (typeof runs)[number]>()
  for (const [i, { patches, parents, agent }] of transactions.entries()) {
    const run = newest.get(agent)
    const goesOn = run !== undefined && parents.length === 1 && parents[0] === run.last
    if (goesOn && !heardOf.has(run.last) && run.length < RUN) {
      run.patches.push(...patches)
      run.length++
      run.last = i
    } else {
      const begun = { first: i, last: i, patches: [...patches], agent, length: 1 }
      newest.set(agent, begun)
      runs.push(begun)
    }
  }
  // Whoever has heard of one has heard of its end.
  runs.sort((a, b) => a.last - b.last)
  const placeOf = new Map(runs.map(({ last }, place) => [last, place]))
  return {
    ...trace,
    transactions: runs.map(({ first, patches, agent }) => ({
      patches,
      parents: transactions[first]!.parents.map((each) => placeOf.get(each)!),
      agent,
    })),
  }
}

function typed(random: Random, length: number, at: number): Patch {
  const kind = random.below(10)
  if (kind < 2 && at > 0) return [at - 1, 1, '']
  if (kind === 2 && length - at > 3)
    return [at, 1 + random.below(3), random.chance(0.5) ? random.pick(PIECES) : '']
  return [at, 0, random.pick(PIECES)]
}

/** Answers where the author is then. */
function applyTo(text: string[], [at, removed, inserted]: Patch): number {
  const added = [...inserted]
  text.splice(at, removed, ...added)
  return at + added.length
}

const codePoints = (text: string) => [...text].length

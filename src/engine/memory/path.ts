/**
 * Chooses how to reach the rows that match: which tree, which of its leading columns are given, in which
 * direction. Made once per query shape.
 */

import type { Order, Test } from '../shape.ts'
import type { Cell } from './cells.ts'
import { type ListTest, valuesOf } from './conditions.ts'
import type { Layout, Part, TreeLayout } from './layout.ts'
import { type Getter, getterOf, type Run } from './run.ts'

/** A border of the part after the pinned ones, in the tree's own direction. */
export interface Limit {
  readonly value: Getter
  readonly inclusive: boolean
}

export interface Path {
  /** Place of the tree in the layout; 0 is the primary key's. */
  readonly tree: number
  /** What the leading parts must equal. */
  readonly pins: readonly Getter[]
  /** The values that the part after the pins takes, one after the other. */
  readonly list: ((run: Run) => Iterable<Cell>) | undefined
  readonly low: Limit | undefined
  readonly high: Limit | undefined
  /** The whole primary key is given, so rows are looked up and not searched. */
  readonly byKey: boolean
  readonly backward: boolean
  /** What is left of the rows after the tests comes in the order asked for; with a list, that of each value. */
  readonly ordered: boolean
  /** So does what the tests leave out, and the tree can be entered at a place in that order. */
  readonly seekable: boolean
  /** What remains to be tested. */
  readonly rest: readonly Test[]
  /** How much of the table the path leaves out, by rule of thumb; 0 for nothing. */
  readonly worth: number
}

/**
 * Each given column is worth more than a list, a list more than an order that needs no sorting, and that more
 * than a border: of an order one reads a page, of half a table one reads half.
 */
const PIN = 8
const LIST = 4
const ORDER = 2
const BORDER = 1
/** At most one row per value: nothing can be better. */
const UNIQUE = 1000

/** The best path for a conjunction of tests. */
export function bestPath(layout: Layout, tests: readonly Test[], order: readonly Order[]): Path {
  let best: Path | undefined
  for (let i = 0; i < layout.trees.length; i++) {
    const path = pathThrough(layout, i, tests, order)
    if (path !== undefined && (best === undefined || rank(path) > rank(best))) best = path
  }
  // There is always the primary key's tree, which has all rows.
  return best!
}

function rank({ worth, ordered }: Path): number {
  return worth + (ordered ? ORDER : 0)
}

function pathThrough(
  layout: Layout,
  index: number,
  tests: readonly Test[],
  order: readonly Order[],
): Path | undefined {
  const tree = layout.trees[index]!
  const used = impliedBy(tests, tree)
  if (used === undefined) return undefined
  const given = pinsByPosition(tests)
  const pins: Pin[] = []
  for (const { position } of tree.parts) {
    const pin = given.get(position)
    if (pin === undefined) break
    pins.push(pin)
    if (pin.sure) used.add(pin.test)
  }
  const next = tree.parts[pins.length]
  const list = next === undefined ? undefined : tests.find((test) => isListOn(test, next))
  if (list !== undefined) used.add(list)
  const { low, high } = list === undefined && next !== undefined ? bordersOn(tests, next) : NO_BORDERS
  const depth = pins.length + (list === undefined ? 0 : 1)
  /** Columns that are the same in all rows of a stretch, and in all of them that pass the tests. */
  const fixed = new Set([...tree.parts.slice(0, depth), ...tree.where].map(({ position }) => position))
  const constant = new Set([...fixed, ...given.keys()])
  const direction = directionFor(tree, fixed, order)
  const filtered = direction ?? directionFor(tree, constant, order)
  const isUnique = tree.unique && depth >= tree.width && pins.every(({ test }) => test.op === 'eq')
  return {
    tree: index,
    pins: pins.map(({ value }) => value),
    list: list === undefined ? undefined : (run) => valuesOf(list, run),
    low,
    high,
    byKey: index === 0 && depth === tree.width,
    backward: filtered === -1,
    ordered: filtered !== undefined,
    seekable: direction !== undefined,
    rest: tests.filter((test) => !used.has(test)),
    worth:
      (pins.length + tree.where.length) * PIN +
      (list === undefined ? 0 : LIST) +
      (low === undefined && high === undefined ? 0 : BORDER) +
      (isUnique ? UNIQUE : 0),
  }
}

/** The tests that say which partial index a row is in; undefined when they don't say that it is in this one. */
function impliedBy(tests: readonly Test[], { where }: TreeLayout): Set<Test> | undefined {
  const used = new Set<Test>()
  for (const { position, value } of where) {
    const test = tests.find(
      (test) =>
        test.op === 'eq' &&
        test.column.position === position &&
        test.operand.is === 'literal' &&
        test.operand.value === value,
    )
    if (test === undefined) return undefined
    used.add(test)
  }
  return used
}

interface Pin {
  readonly value: Getter
  readonly test: Test
  /** A `ref` may turn out null, which equals nothing: then the test is still to be made. */
  readonly sure: boolean
}

function pinsByPosition(tests: readonly Test[]): Map<number, Pin> {
  const pins = new Map<number, Pin>()
  for (const test of tests) {
    if (test.op === 'null') pins.set(test.column.position, { value: () => null, test, sure: true })
    if (test.op === 'eq') {
      const { column, operand } = test
      pins.set(column.position, { value: getterOf(operand), test, sure: operand.is !== 'ref' })
    }
  }
  return pins
}

/** Bytes are left to the predicate: their values are not told apart by identity. */
function isListOn(test: Test, { position }: Part): test is ListTest {
  return (
    (test.op === 'in' || test.op === 'among' || test.op === 'inTable') &&
    test.column.position === position &&
    test.column.kind !== 'bytes'
  )
}

const NO_BORDERS = { low: undefined, high: undefined }

function bordersOn(tests: readonly Test[], { position, sign }: Part): Pick<Path, 'low' | 'high'> {
  for (const test of tests) {
    if (test.op !== 'lt' && test.op !== 'lte' && test.op !== 'gt' && test.op !== 'gte') continue
    if (test.column.position !== position) continue
    const border = { value: getterOf(test.operand), inclusive: test.op === 'lte' || test.op === 'gte' }
    const isLow = test.op === 'gt' || test.op === 'gte' ? sign === 1 : sign === -1
    // The test is made on each row nevertheless, because of nulls.
    return isLow ? { low: border, high: undefined } : { low: undefined, high: border }
  }
  return NO_BORDERS
}

/** Whether reading the tree forward (1) or backward (-1) gives this order, where these columns are constant. */
function directionFor(
  { parts }: TreeLayout,
  constant: ReadonlySet<number>,
  order: readonly Order[],
): 1 | -1 | undefined {
  const varying = parts.filter(({ position }) => !constant.has(position))
  let direction: 1 | -1 | undefined
  let i = 0
  for (const { column, direction: wanted } of order) {
    if (constant.has(column.position)) continue
    const part = varying[i++]
    // All parts are used up, the primary key's among them: there are no ties left to break.
    if (part === undefined) break
    if (part.position !== column.position) return undefined
    const needed = (wanted === 'asc' ? 1 : -1) === part.sign ? 1 : -1
    if (direction !== undefined && direction !== needed) return undefined
    direction = needed
  }
  return direction ?? 1
}

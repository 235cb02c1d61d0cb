/** Compiles conditions to predicates over stored rows. As in SQL, null matches nothing but `null` and `ne`. */

import { isJsonObject } from '../../schema/dsl/json.ts'
import type { Condition, Test } from '../shape.ts'
import { type Cell, cellOrder, comparable, type Stored } from './cells.ts'
import { getterOf, type Run } from './run.ts'

export type Predicate = (row: Stored, run: Run) => boolean

/** Any of the alternatives. */
export function predicateOf(condition: Condition): Predicate {
  const alternatives = condition.map(allOf)
  if (alternatives.length === 1) return alternatives[0]!
  return (row, run) => alternatives.some((matches) => matches(row, run))
}

export function allOf(tests: readonly Test[]): Predicate {
  const predicates = tests.map(predicateOfTest)
  if (predicates.length === 1) return predicates[0]!
  return (row, run) => {
    for (const matches of predicates) if (!matches(row, run)) return false
    return true
  }
}

/** The tests that ask for one of several values. */
export type ListTest = Extract<Test, { op: 'in' | 'among' | 'inTable' }>

/** What such a test would find, each value once. */
export function valuesOf(test: ListTest, run: Run): ReadonlySet<Cell> {
  return run.once(test, () => {
    switch (test.op) {
      case 'in':
        return new Set((run.values[test.index] as readonly Cell[]).map(comparable))
      case 'among':
        return new Set(test.values)
      case 'inTable': {
        const { position } = test.select
        const cells = run.look(test.table, test.where).map((row) => row[position]!)
        return new Set(cells.filter((cell) => cell !== null).map(comparable))
      }
    }
  })
}

function predicateOfTest(test: Test): Predicate {
  switch (test.op) {
    case 'never':
      return () => false
    case 'null':
    case 'notNull': {
      const { position } = test.column
      const wanted = test.op === 'null'
      return (row) => (row[position] === null) === wanted
    }
    case 'eq':
    case 'ne':
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return comparison(test)
    case 'in':
    case 'among':
    case 'inTable': {
      const { position } = test.column
      return (row, run) => {
        const cell = row[position]!
        return cell !== null && valuesOf(test, run).has(comparable(cell))
      }
    }
    case 'contains': {
      const { column, index } = test
      return (row, run) => {
        const text = row[column.position]!
        return text !== null && (text as string).includes(run.values[index] as string)
      }
    }
    case 'hasKey': {
      const { column, index } = test
      return (row, run) => {
        const value = row[column.position]
        return isJsonObject(value) && Object.hasOwn(value, run.values[index] as string)
      }
    }
    // Nothing comes between the beginning of a statement and its end.
    case 'asSeen':
      return () => true
  }
}

function comparison({ op, column, operand }: Extract<Test, { operand: unknown }>): Predicate {
  const { position } = column
  const value = getterOf(operand)
  const compare = cellOrder(column.kind)
  /** Null, which only a `ref` can be here, equals nothing and differs from everything but null. */
  const holds = (test: (order: number) => boolean): Predicate => {
    return (row, run) => {
      const mine = row[position]!
      const other = value(run)
      return mine !== null && other !== null && test(compare(mine, other))
    }
  }
  switch (op) {
    case 'eq':
      return holds((order) => order === 0)
    case 'ne':
      return (row, run) => compare(row[position]!, value(run)) !== 0
    case 'lt':
      return holds((order) => order < 0)
    case 'lte':
      return holds((order) => order <= 0)
    case 'gt':
      return holds((order) => order > 0)
    case 'gte':
      return holds((order) => order >= 0)
  }
}

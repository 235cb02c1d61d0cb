/** Statements by shape: each is written once, and the least recently used ones are forgotten. */

import { hash } from 'node:crypto'
import type { Table } from '../../schema/dsl/table.ts'
import type { Draft, Statement } from './statement.ts'

const MOST = 500

export interface StatementCache {
  /** The statement of a shape, compiled on first sight. */
  statement(key: string, compile: () => Draft): Statement
  /** Tables met so far, by their SQL name: errors speak of them. */
  readonly tables: ReadonlyMap<string, Table>
  /** From now on, new names: the server's prepared statements are stale. */
  rename(): void
}

export function createStatementCache(): StatementCache {
  const byKey = new Map<string, Statement>()
  const tables = new Map<string, Table>()
  let named = 0
  let generation = 0
  return {
    tables,
    statement(key, compile) {
      const known = byKey.get(key)
      if (known !== undefined) {
        // Only a full cache forgets, so only then does the order of use matter.
        if (byKey.size >= MOST) {
          byKey.delete(key)
          byKey.set(key, known)
        }
        return known
      }
      const { others = [], plansAnew = false, ...draft } = compile()
      for (const table of [draft.table, ...others]) tables.set(table.sqlName, table)
      // A server keeps what it has prepared for as long as a connection lasts, so names are not without end.
      const isNamed = named < MOST && !plansAnew
      if (isNamed) named++
      const name = isNamed ? nameOf(draft.text, generation) : undefined
      const statement: Statement = { ...draft, name }
      if (byKey.size >= MOST) byKey.delete(byKey.keys().next().value!)
      byKey.set(key, statement)
      return statement
    },
    rename() {
      generation++
      named = 0
      byKey.clear()
    },
  }
}

/**
 * By what it says: behind a pooler that was not recognised as one, a connection may have been prepared by others, and
 * what bears a name has to be the same statement whoever prepared it. Postgres keeps 63 bytes of a name.
 */
function nameOf(text: string, generation: number): string {
  return `terrace_${generation}_${hash('sha256', text, 'hex').slice(0, 32)}`
}

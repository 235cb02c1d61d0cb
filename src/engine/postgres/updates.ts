/**
 * Updates of one tick that share a statement: those of a row each that differ only in their values, and with them a claim
 * on the same table. Whoever ends jobs and claims the next ones pays for one statement and one commit.
 */

import type { Statement } from '../sql/statement.ts'
import { boundKey, type UpdateCall } from '../sql/take-apart.ts'
import type { AnyRow } from '../sql/verbs.ts'
import type { PostgresCalls } from './calls.ts'
import { createGathering } from './gather.ts'

export interface Updates {
  run(statement: Statement, call: UpdateCall): Promise<AnyRow[]>
}

interface Each {
  readonly statement: Statement
  readonly call: UpdateCall
  /** Where its row's key is bound; undefined of a claim. */
  readonly key: number | undefined
}

interface Group {
  readonly each: Each[]
  claim: Each | undefined
}

export function createUpdates(calls: PostgresCalls, mayRepeat: (error: unknown) => boolean): Updates {
  const alone = ({ statement, call }: Each) => calls.run(statement, call.shape.values)
  const gathering = createGathering<Each, AnyRow[]>(
    alone,
    async (together) => {
      const answers = new Map<Each, Promise<AnyRow[]>>()
      for (const group of groupsOf(together)) {
        const shared = share(group)
        for (const each of [...group.each, ...(group.claim ? [group.claim] : [])]) {
          answers.set(
            each,
            shared.then(
              (rows) => rows.get(each) ?? alone(each),
              (error) => (mayRepeat(error) ? alone(each) : Promise.reject(error)),
            ),
          )
        }
      }
      return together.map((each) => answers.get(each) ?? alone(each))
    },
    () => false,
  )

  /** What each has changed; nothing of those that are to come by themselves. */
  async function share({ each, claim }: Group): Promise<Map<Each, AnyRow[]>> {
    const answers = new Map<Each, AnyRow[]>()
    if (each.length + Number(claim !== undefined) < 2) return answers
    const { key, call } = each[0]!
    const { changed, claimed } = await calls.updateEach(
      each.map((one) => one.call),
      key!,
      claim?.call,
    )
    const primary = call.table.primaryKey[0]!.key
    const byId = new Map(changed.map((row) => [row[primary], row]))
    for (const one of each) {
      // A row that is not among them does not match, or was locked: who asked for it has to wait.
      const row = byId.get(idOf(one))
      if (row !== undefined) answers.set(one, [row])
    }
    if (claim !== undefined) answers.set(claim, claimed)
    return answers
  }

  return {
    run(statement, call) {
      const key = call.shape.bindings.some(({ list }) => list) ? undefined : boundKey(call.table, call.update)
      const each = { statement, call, key }
      return key === undefined && !isClaim(call) ? alone(each) : gathering.submit(call.table, each)
    },
  }
}

const idOf = ({ call, key }: Each) => call.shape.values[key!]

const isClaim = ({ update, table }: UpdateCall) =>
  update.limit !== undefined && update.skipLocked && table.primaryKey.length === 1

/** By statement, and the first claim with the first of them. A row takes part once: who comes to it again comes after. */
function groupsOf(together: readonly Each[]): Group[] {
  const groups = new Map<Statement, Group>()
  const ids = new Set<unknown>()
  for (const each of together) {
    if (each.key === undefined || ids.has(idOf(each))) continue
    ids.add(idOf(each))
    const group = groups.get(each.statement)
    if (group === undefined) groups.set(each.statement, { each: [each], claim: undefined })
    else group.each.push(each)
  }
  const [first] = groups.values()
  if (first !== undefined) first.claim = together.find(({ key }) => key === undefined)
  return [...groups.values()]
}

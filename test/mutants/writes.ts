/** Inserts, updates, claims, conflicts, versions, references, and writes over several tables. */

import type { Engine, UpdateQuery, Write } from '../../src/engine/engine.ts'
import { increment, isOperator, OPERATOR, type Where } from '../../src/engine/query.ts'
import {
  AlreadyExistsError,
  InvalidReferenceError,
  NotFoundError,
  ValidationError,
  VersionConflictError,
} from '../../src/errors.ts'
import type { Reference } from '../../src/schema/dsl/columns.ts'
import type { Row, Table } from '../../src/schema/dsl/table.ts'
import { giveWay, type Loose, type Mutant, questions, schema, stores, verbs } from './mutant.ts'

export const writeMutants: readonly Mutant[] = [
  {
    id: 'moves-ignored',
    breaks: 'Takes a change of a row’s workspace, and ignores it',
    scenario: 'engine.stays-in-workspace',
    engine: questions({
      set: ({ workspaceId, ...set }) =>
        workspaceId === undefined ? set : { ...set, updatedAt: new Date(0) },
    }),
  },
  {
    id: 'version-ignored',
    breaks: 'Changes a row whatever version is insisted on',
    scenario: 'versions.one-wins',
    also: ['notes.update'],
    engine: updating(async (inner, table, query) =>
      inner.update(table, { ...query, where: less(query.where, 'version') }),
    ),
  },
  {
    id: 'version-not-raised',
    breaks: 'Leaves the version as it is when a row changes',
    scenario: 'versions.count-changes',
    engine: questions({ set: (set) => without(set, 'version') }),
  },
  {
    id: 'version-raised-by-life',
    breaks: 'Raises the version with signs of life, too',
    scenario: 'versions.signs-of-life',
    engine: questions({
      set: (set, table) => (table.columns.version === undefined ? set : { ...set, version: increment() }),
    }),
  },
  {
    id: 'updated-at-left',
    breaks: 'Leaves `updatedAt` as it is when a row changes',
    scenario: 'tasks.update',
    engine: questions({ set: (set) => without(set, 'updatedAt') }),
  },
  {
    id: 'increments-read-first',
    breaks: 'Reads a number and writes it one higher',
    scenario: 'versions.none-is-lost',
    engine: updating(async (inner, table, query) => {
      const [row] = await inner.find(table, { where: query.where, limit: 1 })
      await giveWay()
      const set = Object.entries(query.set as Loose).map(([key, value]) => {
        if (!isOperator(value) || value[OPERATOR] !== 'increment' || row === undefined) return [key, value]
        return [key, Number((row as Loose)[key]) + (value as { readonly by: number }).by]
      })
      // The cast: a number for a change by a number.
      return inner.update(table, { ...query, set: Object.fromEntries(set) as typeof query.set })
    }),
  },
  {
    id: 'update-row-by-row',
    breaks: 'Changes many rows one after the other, up to the one that is refused',
    scenario: 'values.increments-stay-safe',
    engine: updating(async (inner, table, query) => {
      const rows = await inner.find(table, { where: query.where })
      if (rows.length < 2 || query.limit !== undefined) return inner.update(table, query)
      const updated = []
      for (const row of rows) {
        updated.push(...(await inner.update(table, { where: keyOf(table, row), set: query.set })))
      }
      return updated
    }),
  },
  {
    id: 'update-only-first',
    breaks: 'Changes one of the rows that match',
    scenario: 'engine.update',
    engine: updating(async (inner, table, query) => {
      const [row] = await inner.find(table, { where: query.where, limit: 1 })
      return inner.update(table, { ...query, where: row === undefined ? query.where : keyOf(table, row) })
    }),
  },
  {
    id: 'update-answers-before',
    breaks: 'Answers rows as they were before the update',
    scenario: 'engine.update',
    engine: updating(async (inner, table, query) => {
      const before = await inner.find(table, { where: query.where })
      const after = await inner.update(table, query)
      return after.length === before.length ? before : after
    }),
  },
  {
    id: 'update-in-turns',
    breaks: 'Works out what depends on the row after the rest of the update',
    scenario: 'engine.update-old-values',
    engine: updating(async (inner, table, query) => {
      const entries = Object.entries(query.set as Loose)
      const isChoice = ([, value]: (typeof entries)[number]) =>
        isOperator(value) && value[OPERATOR] === 'choose'
      // The casts: parts of the same set.
      const rest = Object.fromEntries(entries.filter((entry) => !isChoice(entry))) as typeof query.set
      const choices = Object.fromEntries(entries.filter(isChoice)) as typeof query.set
      if (Object.keys(choices).length === 0 || Object.keys(rest).length === 0) {
        return inner.update(table, query)
      }
      const updated = []
      for (const row of await inner.update(table, { ...query, set: rest })) {
        updated.push(...(await inner.update(table, { where: keyOf(table, row), set: choices })))
      }
      return updated
    }),
  },
  {
    id: 'updates-fail-together',
    breaks: 'Refuses all updates of a tick for one of them',
    scenario: 'engine.updates-at-once',
    engine(inner) {
      const calls: Promise<unknown>[] = []
      return updating(async (verbs, table, query) => {
        const call = verbs.update(table, query)
        calls.push(call)
        await giveWay()
        await Promise.all(calls)
        return call
      })(inner)
    },
  },
  {
    id: 'claims-unlimited',
    breaks: 'Claims every row that matches, whatever the limit',
    scenario: 'engine.claims-in-order',
    engine: updating(async (inner, table, { limit: _limit, ...query }) => inner.update(table, query)),
  },
  {
    id: 'claims-from-the-end',
    breaks: 'Claims the last rows first',
    scenario: 'engine.claims-in-order',
    engine: updating(async (inner, table, query) => {
      const orderBy = query.orderBy?.map(([key, way]) => [key, way === 'asc' ? 'desc' : 'asc'] as const)
      return inner.update(table, query.limit === undefined ? query : { ...query, orderBy })
    }),
  },
  {
    id: 'claims-twice',
    breaks: 'Reads what can be claimed, and then claims it',
    scenario: 'engine.claims-disjoint',
    engine: updating(async (inner, table, query) => {
      const { where, orderBy, limit, set } = query
      if (limit === undefined) return inner.update(table, query)
      const rows = await inner.find(table, { where, orderBy, limit })
      await giveWay()
      return (
        await Promise.all(rows.map((row) => inner.update(table, { where: keyOf(table, row), set })))
      ).flat()
    }),
  },
  {
    id: 'removed-not-answered',
    breaks: 'Does not answer what it removed',
    scenario: 'engine.remove',
    engine: verbs((inner) => ({
      remove: async (table, query, options) => {
        await inner.remove(table, query, options)
        return []
      },
    })),
  },
  {
    id: 'removed-twice',
    breaks: 'Answers one row to all who remove it',
    scenario: 'engine.removed-once',
    engine: verbs((inner) => ({
      remove: async (table, query, options) => {
        const rows = await inner.find(table, { where: query.where }, options)
        await giveWay()
        await inner.remove(table, query, options)
        return rows
      },
    })),
  },
  {
    id: 'insert-one-by-one',
    breaks: 'Stores many rows one after the other, up to the one that is refused',
    scenario: 'engine.insert-all-or-none',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => {
        const stored = []
        for (const row of rows) stored.push(...(await inner.insert(table, [row], options)))
        return stored
      },
    })),
  },
  {
    id: 'insert-all-like-the-first',
    breaks: 'Stores many rows with what the first one has',
    scenario: 'engine.insert-alike',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => {
        const [first] = rows
        const alike = rows.map((row) => ({ ...row, parentId: (first as Loose | undefined)?.parentId }))
        const isMany = rows.length > 10 && table.columns.parentId !== undefined
        // The cast: rows of the same table.
        return inner.insert(table, isMany ? (alike as unknown as typeof rows) : rows, options)
      },
    })),
  },
  {
    id: 'insert-answers-reversed',
    breaks: 'Answers new rows in another order than they were given',
    scenario: 'engine.insert-order',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => (await inner.insert(table, rows, options)).reverse(),
    })),
  },
  {
    id: 'duplicates-swallowed',
    breaks: 'Answers a duplicate as if it had been stored',
    scenario: 'ids.taken',
    engine: verbs((inner) => ({
      insert: (table, rows, options) =>
        inner.insert(table, rows, options).catch((error: unknown) => {
          // The cast: what was given, for what was stored.
          if (error instanceof AlreadyExistsError) return rows as unknown as Row<typeof table>[]
          throw error
        }),
    })),
  },
  {
    id: 'wrong-columns-named',
    breaks: 'Names the primary key for whatever was violated',
    scenario: 'errors.fields',
    engine: duplicatesAs((error) => new AlreadyExistsError(error.table, ['id'])),
  },
  {
    id: 'driver-errors-leak',
    breaks: 'Lets the driver’s own error out',
    scenario: 'errors.fields',
    engine: duplicatesAs(() => Object.assign(new Error('duplicate key'), { code: '23505' })),
  },
  {
    id: 'duplicates-of-another-class',
    breaks: 'Calls a duplicate invalid',
    scenario: 'errors.fields',
    engine: duplicatesAs((error) => new ValidationError(error.message, error.table)),
  },
  {
    id: 'conflict-not-handled',
    breaks: 'Refuses a row that should give way',
    scenario: 'engine.conflict-ignored',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => inner.insert(table, rows, { signal: options?.signal }),
    })),
  },
  {
    id: 'conflict-leaves-row',
    breaks: 'Leaves the row alone that is in the way and should change',
    scenario: 'engine.conflict-changed',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => {
        const { onConflict } = options ?? {}
        if (onConflict === undefined) return inner.insert(table, rows, options)
        return inner.insert(table, rows, { ...options, onConflict: { columns: onConflict.columns } })
      },
    })),
  },
  {
    id: 'conflict-changes-any-row',
    breaks: 'Changes the row in the way whether it matches or not',
    scenario: 'engine.conflict-changed',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => {
        const { onConflict } = options ?? {}
        if (onConflict === undefined) return inner.insert(table, rows, options)
        return inner.insert(table, rows, { ...options, onConflict: { ...onConflict, where: undefined } })
      },
    })),
  },
  {
    id: 'conflict-of-any-kind',
    breaks: 'Gives way to a conflict with another constraint than the one named',
    scenario: 'engine.conflict-elsewhere',
    engine: verbs((inner) => ({
      insert: (table, rows, options) =>
        inner.insert(table, rows, options).catch((error: unknown) => {
          if (options?.onConflict !== undefined && error instanceof AlreadyExistsError) return []
          throw error
        }),
    })),
  },
  {
    id: 'partly-unique-not-kept',
    breaks: 'Keeps rows that are equal where some of them must not be',
    scenario: 'conversations.group-name-unique',
    also: ['notes.one-spec', 'notes.spec-race'],
    engine: schema((table) => ({
      ...table,
      indexes: table.indexes.map((index) => (index.where.length > 0 ? { ...index, unique: false } : index)),
    })),
  },
  {
    id: 'references-unchecked',
    breaks: 'Keeps references to nothing, and rows of what is deleted',
    scenario: 'references.missing',
    engine: referring(() => undefined),
  },
  {
    id: 'no-cascade',
    breaks: 'Leaves behind what belongs to a deleted row',
    scenario: 'references.cascade',
    also: ['notes.delete', 'notes.presence-of-the-deleted', 'notes.made-anew-while-written'],
    engine: referring((reference) => (reference.onDelete === 'cascade' ? undefined : reference)),
  },
  {
    id: 'cascade-refused',
    breaks: 'Refuses to delete what others belong to',
    scenario: 'references.cascade',
    engine: referring((reference) =>
      reference.onDelete === 'cascade' ? { ...reference, onDelete: 'restrict' } : reference,
    ),
  },
  {
    id: 'set-null-missing',
    breaks: 'Leaves a reference to what was deleted',
    scenario: 'references.set-null',
    engine: referring((reference) => (reference.onDelete === 'set null' ? undefined : reference)),
  },
  {
    id: 'set-null-cascades',
    breaks: 'Deletes what should only lose its reference',
    scenario: 'references.set-null',
    engine: referring((reference) =>
      reference.onDelete === 'set null' ? { ...reference, onDelete: 'cascade' } : reference,
    ),
  },
  {
    id: 'references-dropped',
    breaks: 'Drops a reference to another workspace instead of refusing it',
    scenario: 'references.of-another-workspace',
    engine: verbs((inner) => ({
      insert: (table, rows, options) =>
        inner.insert(table, rows, options).catch((error: unknown) => {
          if (!(error instanceof InvalidReferenceError)) throw error
          const optional = table.columnList.filter((column) => column.references && column.optional)
          const none = Object.fromEntries(optional.map((column) => [column.key, null]))
          return inner.insert(
            table,
            rows.map((row) => ({ ...row, ...none })),
            options,
          )
        }),
    })),
  },
  {
    id: 'write-unguarded',
    breaks: 'Writes whether the head’s guard holds or not',
    scenario: 'engine.write-guarded',
    also: ['notes.log-one-compactor', 'notes.log-deleted-while-compacted'],
    engine: writing((write) => ({ ...write, head: unguarded(write.head) })),
  },
  {
    id: 'write-head-only',
    breaks: 'Writes the head and forgets the steps',
    scenario: 'engine.write-refs',
    engine: writing((write) => ({ ...write, steps: [] })),
  },
  {
    id: 'write-in-turns',
    breaks: 'Writes the head and then the steps, whatever becomes of them',
    scenario: 'engine.write-undone',
    engine: verbs((inner) => ({
      write: async (write, options) => {
        const { head, steps } = write as Write
        const row = await inner.write({ head, steps: [] } as Write as typeof write, options)
        for (const step of row === null ? [] : steps) await take(inner, step, row as Loose)
        return row
      },
    })),
  },
  {
    id: 'refs-off-by-one',
    breaks: 'Refers to one more than the head’s value',
    scenario: 'engine.write-refs',
    also: [
      'notes.log-deaf-systems',
      'notes.log-clocks',
      'notes.log-compactor-of-two-views',
      'notes.log-failed-compaction',
      'notes.log-snapshot-that-stays',
      'notes.log-of-another',
      'notes.search-acknowledged',
      'notes.search-after-rest',
      'notes.search-beside-the-unreadable',
      'notes.search-in-transactions',
    ],
    engine: questions({
      ref: (ref) =>
        ref.column === 'id' || ref.column === 'workspaceId' ? ref : { ...ref, offset: ref.offset + 1 },
    }),
  },
  {
    id: 'absent-is-stale',
    breaks: 'Calls a row that is not there stale when a version of it is insisted on',
    scenario: 'versions.of-nothing',
    system: stores(({ roles }) => ({
      roles: {
        update: (id, patch, options) =>
          roles.update(id, patch, options).catch((error: unknown) => {
            if (!(error instanceof NotFoundError) || options?.ifVersion === undefined) throw error
            throw new VersionConflictError('roles', id, options.ifVersion, 0)
          }),
      },
    })),
  },
  {
    id: 'versions-guessed',
    breaks: 'Takes what is no version for none at all',
    scenario: 'versions.not-a-version',
    system: stores(({ roles }) => ({
      roles: {
        update: (id, patch, options) =>
          roles.update(
            id,
            patch,
            Number.isSafeInteger(options?.ifVersion) ? options : { ...options, ifVersion: undefined },
          ),
      },
    })),
  },
  {
    id: 'conflict-answers-by-id',
    breaks: 'Answers rows that gave way in the order of their ids',
    scenario: 'engine.conflict-in-order',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => {
        const answered = await inner.insert(table, rows, options)
        if (options?.onConflict?.set === undefined) return answered
        const key = (row: Row<typeof table>) => JSON.stringify(keyOf(table, row))
        return answered.sort((a, b) => (key(a) < key(b) ? -1 : 1))
      },
    })),
  },
  {
    id: 'conflict-row-by-row',
    breaks: 'Stores rows that may give way one after the other, so that those in the way may refer to them',
    scenario: 'engine.conflict-set-fresh',
    engine: verbs((inner) => ({
      insert: async (table, rows, options) => {
        if (options?.onConflict?.set === undefined || rows.length < 2)
          return inner.insert(table, rows, options)
        const stored = []
        for (const row of rows) {
          // The cast: a row has the columns of the key.
          const where = keyOf(table, row as unknown as Row<typeof table>)
          const isThere = (await inner.find(table, { where, limit: 1 })).length > 0
          stored.push(...(await inner.insert(table, [row], isThere ? options : undefined)))
        }
        return stored
      },
    })),
  },
  {
    id: 'upsert-names-any-constraint',
    breaks: 'Names the last of the constraints that an upsert violates',
    scenario: 'errors.first-constraint-of-upserts',
    engine: verbs((inner) => ({
      insert: (table, rows, options) =>
        inner.insert(table, rows, options).catch((error: unknown) => {
          if (!(error instanceof AlreadyExistsError) || options?.onConflict?.set === undefined) throw error
          const last = table.indexes.findLast(({ unique }) => unique)
          throw last === undefined
            ? error
            : new AlreadyExistsError(
                table.name,
                last.columns.map(({ column }) => column.key),
              )
        }),
    })),
  },
]

function without(set: Loose, column: string): Loose {
  return Object.fromEntries(Object.entries(set).filter(([key]) => key !== column))
}

/** A condition without what it asks of one column. */
function less<W>(where: W, column: string): W {
  if (typeof where !== 'object' || where === null) return where
  // The cast: less of the same condition.
  return (
    Array.isArray(where) ? where.map((match) => without(match, column)) : without(where as Loose, column)
  ) as W
}

function keyOf<T extends Table>(table: T, row: Row<T>): Where<T> {
  // The cast: the columns of the primary key.
  return Object.fromEntries(table.primaryKey.map(({ key }) => [key, (row as Loose)[key]])) as Where<T>
}

/** Updates done in another way. */
function updating(
  update: <T extends Table>(inner: Engine, table: T, query: UpdateQuery<T>) => Promise<Row<T>[]>,
) {
  return verbs((inner) => ({
    update: async (table, query, options) => {
      options?.signal?.throwIfAborted()
      return update(inner, table, query)
    },
  }))
}

/** Every verb that meets a duplicate fails with something else. */
function duplicatesAs(other: (error: AlreadyExistsError) => unknown) {
  const rethrow = (error: unknown): never => {
    throw error instanceof AlreadyExistsError ? other(error) : error
  }
  return verbs((inner) => ({
    insert: (table, rows, options) => inner.insert(table, rows, options).catch(rethrow),
    update: (table, query, options) => inner.update(table, query, options).catch(rethrow),
    write: (write, options) => inner.write(write, options).catch(rethrow),
  }))
}

/** An engine over a schema with other references. */
function referring(alter: (reference: Reference) => Reference | undefined) {
  return schema((table) => ({
    ...table,
    columnList: table.columnList.map((column) => ({
      ...column,
      references: column.references && alter(column.references),
    })),
  }))
}

function writing(change: (write: Write) => Write) {
  return verbs((inner) => ({
    // The casts: the same tables, less typed.
    write: async (write, options) => inner.write(change(write as Write) as typeof write, options),
  }))
}

function unguarded(head: Write['head']): Write['head'] {
  if (!('update' in head)) return head
  const [match] = [head.where].flat() as Loose[]
  return { ...head, where: Object.fromEntries(head.update.primaryKey.map(({ key }) => [key, match?.[key]])) }
}

/** One step, by itself. */
async function take(inner: Engine, step: Write['steps'][number], head: Loose): Promise<void> {
  if ('insert' in step) {
    const rows = step.rows.map((row) => resolved(row as Loose, head))
    await inner.insert(step.insert, rows)
  } else if ('remove' in step) {
    await inner.remove(step.remove, { where: resolved(step.where as Loose, head) })
  } else {
    const set = resolved(step.set, head)
    await inner.update(step.update, { where: resolved(step.where as Loose, head), set })
  }
}

/** With the head's values in place of what refers to them. */
function resolved(given: Loose, head: Loose): Loose {
  const entries = Object.entries(given).map(([key, value]) => {
    if (!isOperator(value)) return [key, value]
    if (value[OPERATOR] === 'ref') {
      const { column, offset } = value as { readonly column: string; readonly offset: number }
      const own = head[column]
      return [key, typeof own === 'number' ? own + offset : own]
    }
    return 'table' in value ? [key, { ...value, where: resolved(value.where as Loose, head) }] : [key, value]
  })
  return Object.fromEntries(entries)
}

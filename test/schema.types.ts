/**
 * Checked by tsc alone: what drizzle infers from the compiled tables is, exactly, what the neutral schema
 * says, for every table and on both dialects.
 */

import { agents } from '../src/schema/agents.ts'
import { backgroundDependencies, backgroundLanes, backgroundTasks } from '../src/schema/background-tasks.ts'
import { codebases } from '../src/schema/codebases.ts'
import { conversations, type Members } from '../src/schema/conversations.ts'
import type * as postgres from '../src/schema/drizzle/postgres-tables.ts'
import type * as sqlite from '../src/schema/drizzle/sqlite-tables.ts'
import type { Insert, StoredRow, Table } from '../src/schema/dsl/table.ts'
import { messages } from '../src/schema/messages.ts'
import {
  noteEdits,
  noteHeads,
  notePresence,
  noteSnapshots,
  notes,
  noteTexts,
  noteUpdates,
  noteVersions,
} from '../src/schema/notes.ts'
import { roles } from '../src/schema/roles.ts'
import { settings } from '../src/schema/settings.ts'
import { type TaskStatus, taskDependencies, tasks } from '../src/schema/tasks.ts'
import { teams } from '../src/schema/teams.ts'
import { workspaces } from '../src/schema/workspaces.ts'

const neutral = {
  workspaces,
  teams,
  codebases,
  agents,
  roles,
  tasks,
  taskDependencies,
  conversations,
  messages,
  settings,
  backgroundTasks,
  backgroundDependencies,
  backgroundLanes,
  notes,
  noteHeads,
  noteUpdates,
  noteSnapshots,
  noteTexts,
  noteVersions,
  noteEdits,
  notePresence,
}

type Neutral = typeof neutral
type Postgres = typeof postgres
type Sqlite = typeof sqlite

/** True only for the same type: no `any`, no wider or narrower one, and optional keys alike. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Simplify<T> = { [K in keyof T]: T[K] }

/** An insert through drizzle may also fill the hidden columns. */
type StoredInsert<T extends Table> = Simplify<
  Insert<T> & { [K in Exclude<keyof StoredRow<T>, keyof Insert<T>>]?: StoredRow<T>[K] | undefined }
>

type Inferred = { readonly $inferSelect: unknown; readonly $inferInsert: unknown }
type Selects<D extends Record<keyof Neutral, Inferred>> = {
  [K in keyof Neutral]: Equal<D[K]['$inferSelect'], StoredRow<Neutral[K]>>
}
type Inserts<D extends Record<keyof Neutral, Inferred>> = {
  [K in keyof Neutral]: Equal<D[K]['$inferInsert'], StoredInsert<Neutral[K]>>
}
type AllTrue = Record<keyof Neutral, true>

/** Compiles only if the type argument is what is claimed of it. */
function holds<_Claim extends true | AllTrue>(): void {}

holds<Equal<keyof Postgres, keyof Neutral>>()
holds<Equal<keyof Sqlite, keyof Neutral>>()
holds<Selects<Postgres>>()
holds<Selects<Sqlite>>()
holds<Inserts<Postgres>>()
holds<Inserts<Sqlite>>()

// Some columns spelt out, so that both sides cannot be wrong alike.
type TaskRow = Postgres['tasks']['$inferSelect']
type TaskInsert = Sqlite['tasks']['$inferInsert']
holds<Equal<TaskRow['status'], TaskStatus>>()
holds<Equal<TaskRow['scope'], string | null>>()
holds<Equal<TaskRow['priority'], number>>()
holds<Equal<TaskRow['archived'], boolean>>()
holds<Equal<TaskRow['createdAt'], Date>>()
holds<Equal<TaskRow['acceptanceCriteria'], string[]>>()
holds<Equal<TaskRow['titleFolded'], string | null>>()
holds<Equal<TaskInsert['titleFolded'], string | null | undefined>>()
holds<Equal<TaskInsert['status'], TaskStatus | undefined>>()
holds<Equal<TaskInsert['title'], string>>()
holds<Equal<Sqlite['conversations']['$inferSelect']['members'], Members>>()

// And that the claims can fail.
// @ts-expect-error a null too many
holds<Equal<TaskRow['scope'], string>>()
// @ts-expect-error `any` equals nothing but itself
holds<Equal<TaskRow['status'], ReturnType<typeof JSON.parse>>>()
// @ts-expect-error a default makes a column optional in an insert
holds<Equal<TaskInsert['status'], TaskStatus>>()
// @ts-expect-error a required column is not optional in an insert
holds<Equal<TaskInsert['title'], string | undefined>>()
// @ts-expect-error the tables of another dialect are not these
holds<Equal<Postgres['tasks'], Sqlite['tasks']>>()

const noTitle = { id: 'a', workspaceId: 'b', key: 'c', createdAt: new Date(), updatedAt: new Date() }
// @ts-expect-error Property 'title' is missing
noTitle satisfies TaskInsert
;({ ...noTitle, title: 'x' }) satisfies TaskInsert
// @ts-expect-error 'waiting' is not a status of tasks
;({ ...noTitle, title: 'x', status: 'waiting' }) satisfies TaskInsert
// @ts-expect-error a number is not a Date
;({ ...noTitle, title: 'x', createdAt: 0 }) satisfies TaskInsert

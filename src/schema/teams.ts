import { id, json, TITLE_LIMIT, text } from './dsl/columns.ts'
import type { JsonObject } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { workspaces } from './workspaces.ts'

/** Teams of a workspace. Their agents survive them. */
export const teams = table(
  'teams',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    name: text({ min: 1, max: TITLE_LIMIT }),
    description: text().default(''),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  { indexes: [{ on: ['workspaceId', 'createdAt', 'id'] }] },
)
export type Team = Row<typeof teams>

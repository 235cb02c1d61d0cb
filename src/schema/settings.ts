import { id, json, KEY_LIMIT, timestamp } from './dsl/columns.ts'
import type { JsonValue } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { versioned } from './shared.ts'

/** Named values, grouped by scope. */
export const settings = table(
  'settings',
  {
    scope: id(),
    key: id(KEY_LIMIT),
    /** The workspace that a scope `workspace:<id>` or `workspace:<id>:…` speaks of. */
    workspaceId: id().optional(),
    value: json<JsonValue>(),
    ...versioned,
    updatedAt: timestamp(),
  },
  { primaryKey: ['scope', 'key'], indexes: [{ on: ['workspaceId'] }] },
)
export type Setting = Row<typeof settings>

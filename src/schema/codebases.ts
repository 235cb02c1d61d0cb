import { boolean, id, json, KEY_LIMIT, oneOf, TITLE_LIMIT, text } from './dsl/columns.ts'
import type { JsonObject } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { workspaces } from './workspaces.ts'

/** Repositories that agents work in. */
export const codebases = table(
  'codebases',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    path: id(KEY_LIMIT),
    branch: text({ min: 1, max: 1024 }).optional(),
    label: text({ min: 1, max: TITLE_LIMIT }).optional(),
    source: oneOf('local', 'github').default('local'),
    sourceUrl: text({ min: 1, max: 4096 }).optional(),
    /** By name: what to run and where it is described. */
    commands: json<JsonObject>({ shape: 'object' }).default({}),
    assistantType: text({ min: 1, max: 64 }).optional(),
    isDefault: boolean().default(false),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  {
    indexes: [
      { on: ['workspaceId', 'path'], unique: true },
      { on: ['workspaceId'], unique: true, where: { isDefault: true } },
      { on: ['workspaceId', 'createdAt', 'id'] },
    ],
  },
)
export type Codebase = Row<typeof codebases>

import { boolean, id, TITLE_LIMIT, text } from './dsl/columns.ts'
import { type Row, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { workspaces } from './workspaces.ts'

/** What an agent can be. A role without a workspace is the whole application's. */
export const roles = table(
  'roles',
  {
    id: id().primaryKey(),
    workspaceId: id()
      .optional()
      .references(() => workspaces, { onDelete: 'cascade' }),
    name: text({ min: 1, max: TITLE_LIMIT }),
    description: text().default(''),
    systemPrompt: text().default(''),
    color: text({ min: 1, max: 32 }).default('#888'),
    icon: text({ min: 1, max: 32 }).default('🤖'),
    model: text({ min: 1, max: 256 }).optional(),
    builtIn: boolean().default(false),
    ...versioned,
    ...created,
  },
  { indexes: [{ on: ['workspaceId'] }, { on: ['createdAt', 'id'] }] },
)
export type Role = Row<typeof roles>

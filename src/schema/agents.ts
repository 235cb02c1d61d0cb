import { id, json, oneOf, TITLE_LIMIT, text, timestamp } from './dsl/columns.ts'
import type { JsonObject, JsonValue } from './dsl/json.ts'
import { type Row, type Table, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { teams } from './teams.ts'
import { workspaces } from './workspaces.ts'

/** Who works: an assistant with a role, perhaps under a parent and in a team. */
export const agents = table(
  'agents',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    name: text({ min: 1, max: TITLE_LIMIT }),
    role: id(),
    provider: text({ min: 1, max: 128 }).optional(),
    model: text({ min: 1, max: 256 }).optional(),
    modelTier: oneOf('smart', 'balanced', 'fast').optional(),
    status: oneOf('idle', 'running', 'done', 'failed', 'terminated').default('idle'),
    parentId: id()
      .optional()
      .references((): Table => agents, { onDelete: 'set null' }),
    teamId: id()
      .optional()
      .references(() => teams, { onDelete: 'set null' }),
    /** The assistant's own session, to resume it. */
    sessionId: text({ min: 1, max: 256 }).optional(),
    plan: json<JsonValue>().optional(),
    lastSummary: text().optional(),
    /** The last heartbeat. */
    lastSeenAt: timestamp().optional(),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  {
    indexes: [
      { on: ['workspaceId', 'createdAt', 'id'] },
      { on: ['workspaceId', 'status', 'createdAt', 'id'] },
      { on: ['parentId'] },
      { on: ['teamId'] },
    ],
  },
)
export type Agent = Row<typeof agents>
export type AgentStatus = Agent['status']

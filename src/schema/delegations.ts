import { agents } from './agents.ts'
import { id, json, oneOf, TITLE_LIMIT, text, timestamp } from './dsl/columns.ts'
import type { JsonObject, JsonValue } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { tasks } from './tasks.ts'
import { workspaces } from './workspaces.ts'

/** Work that one agent gave another. */
export const delegations = table(
  'delegations',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    /** Who gave it; null for work from outside, and when the agent is gone. */
    fromAgentId: id()
      .optional()
      .references(() => agents, { onDelete: 'set null' }),
    /** Who got it; null when the agent is gone. */
    toAgentId: id()
      .optional()
      .references(() => agents, { onDelete: 'set null' }),
    task: text({ min: 1, max: TITLE_LIMIT }),
    /** The task of the plan that this is part of. */
    taskId: id()
      .optional()
      .references(() => tasks, { onDelete: 'set null' }),
    context: text().default(''),
    status: oneOf('active', 'done', 'failed', 'cancelled').default('active'),
    result: json<JsonValue>().optional(),
    finishedAt: timestamp().optional(),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  {
    indexes: [
      { on: ['workspaceId', 'createdAt', 'id'] },
      { on: ['workspaceId', 'status', 'createdAt', 'id'] },
      { on: ['fromAgentId'] },
      { on: ['toAgentId', 'status', 'createdAt', 'id'] },
      { on: ['taskId'] },
    ],
  },
)
export type Delegation = Row<typeof delegations>
export type DelegationOutcome = Exclude<Delegation['status'], 'active'>

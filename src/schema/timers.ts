import { agents } from './agents.ts'
import { id, integer, TITLE_LIMIT, text, timestamp } from './dsl/columns.ts'
import { type Row, table } from './dsl/table.ts'
import { workspaces } from './workspaces.ts'

/** What an agent wants to be reminded of: those that are still to come. */
export const timers = table(
  'timers',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    agentId: id().references(() => agents, { onDelete: 'cascade' }),
    label: text({ min: 1, max: TITLE_LIMIT }),
    message: text().default(''),
    /** When it goes off next, as planned. */
    dueAt: timestamp(),
    /** Milliseconds from one time to the next; null for one that goes off once. */
    every: integer().optional(),
    /** How often it has gone off. */
    fired: integer().default(0),
    createdAt: timestamp(),
  },
  {
    indexes: [
      { on: ['dueAt', 'id'] },
      { on: ['agentId', 'dueAt', 'id'] },
      { on: ['workspaceId', 'dueAt', 'id'] },
    ],
  },
)
export type Timer = Row<typeof timers>

import { agents } from './agents.ts'
import { id, text, timestamp } from './dsl/columns.ts'
import { type Row, table } from './dsl/table.ts'
import { workspaces } from './workspaces.ts'

/** Paths and globs under a workspace's root that an agent has to itself for a while. */
export const fileLocks = table(
  'fileLocks',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    agentId: id().references(() => agents, { onDelete: 'cascade' }),
    /** Relative to the root, normalised. */
    path: text({ min: 1, max: 1024 }),
    reason: text({ max: 1024 }).default(''),
    acquiredAt: timestamp(),
    expiresAt: timestamp(),
  },
  {
    indexes: [
      { on: ['workspaceId', 'acquiredAt', 'id'] },
      { on: ['workspaceId', 'expiresAt'] },
      { on: ['agentId'] },
      { on: ['expiresAt'] },
    ],
  },
)
export type FileLock = Row<typeof fileLocks>

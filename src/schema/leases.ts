import { id, integer, KEY_LIMIT, text, timestamp } from './dsl/columns.ts'
import { type Row, table } from './dsl/table.ts'
import { workspaces } from './workspaces.ts'

/** Names of which one holder at a time has the say. A row stays when nobody holds it, because its fence does. */
export const leases = table(
  'leases',
  {
    /** Its workspace's id, or empty for everybody's: uniqueness never hinges on null. */
    scope: text({ max: 128 }).default(''),
    name: id(KEY_LIMIT),
    workspaceId: id()
      .optional()
      .references(() => workspaces, { onDelete: 'cascade' }),
    /** Who holds it, or held it last. */
    holder: id(),
    /** Rises with every change of holder. */
    fence: integer(),
    acquiredAt: timestamp(),
    /** Null once given back. */
    expiresAt: timestamp().optional(),
  },
  { primaryKey: ['scope', 'name'], indexes: [{ on: ['workspaceId'] }, { on: ['expiresAt'] }] },
)
export type LeaseRow = Row<typeof leases>

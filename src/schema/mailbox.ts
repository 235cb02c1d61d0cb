import { agents } from './agents.ts'
import { id, integer, json, oneOf, text, timestamp } from './dsl/columns.ts'
import type { JsonValue } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { workspaces } from './workspaces.ts'

/** Where an agent's mail stands. Made with its first. */
export const mailboxes = table(
  'mailboxes',
  {
    agentId: id()
      .primaryKey()
      .references(() => agents, { onDelete: 'cascade' }),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    /** The newest mail's. */
    lastSeq: integer().default(0),
    /** That of the mail whose turn it is. */
    nextSeq: integer().default(1),
    /** Mail that is queued: from `nextSeq` to `lastSeq`. */
    waiting: integer().default(0),
    /** Rises with every claim. */
    fence: integer().default(0),
    /** Until then, nothing is handed out; null when nothing is in anyone's hands. */
    claimedUntil: timestamp().optional(),
  },
  { indexes: [{ on: ['workspaceId'] }] },
)
export type Mailbox = Row<typeof mailboxes>

/** What was sent to an agent. */
export const mail = table(
  'mail',
  {
    id: id().primaryKey(),
    workspaceId: id(),
    agentId: id().references(() => mailboxes, { onDelete: 'cascade' }),
    /** 1, 2, 3 … per agent, in the order of sending. */
    seq: integer(),
    kind: id(),
    payload: json<JsonValue>().optional(),
    /** Who or what sent it, in the sender's words. */
    source: text({ max: 1024 }).optional(),
    status: oneOf('queued', 'delivered', 'dropped').default('queued'),
    /** How often it was handed out. */
    deliveries: integer().default(0),
    createdAt: timestamp(),
    /** When it was delivered or dropped. */
    settledAt: timestamp().optional(),
  },
  {
    indexes: [
      { on: ['agentId', 'seq'], unique: true },
      { on: ['agentId', 'seq'], where: { status: 'queued' } },
      { on: ['workspaceId', 'createdAt', 'id'] },
      { on: ['settledAt'] },
    ],
  },
)
export type Mail = Row<typeof mail>

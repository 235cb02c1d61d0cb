import { codebases } from './codebases.ts'
import { boolean, id, integer, json, oneOf, TITLE_LIMIT, text, timestamp } from './dsl/columns.ts'
import type { JsonObject } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { tasks } from './tasks.ts'
import { workspaces } from './workspaces.ts'

/** Who is in a group, and since when (ISO 8601). */
export interface Members extends JsonObject {
  readonly [memberId: string]: { readonly joinedAt: string }
}

/** A thread of messages: a person's on some platform, or a group's of agents. */
export const conversations = table(
  'conversations',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    platform: id(64).default('terrace'),
    /** The platform's own id; the conversation's, unless given. */
    platformId: id(),
    kind: oneOf('direct', 'group').default('direct'),
    /** Who owns a group; empty for direct conversations. Outlives the agent. */
    leadId: text({ max: 128 }).default(''),
    /** A group's name. Empty for direct conversations. */
    name: text({ max: 128 }).default(''),
    title: text({ max: TITLE_LIMIT }).optional(),
    codebaseId: id()
      .optional()
      .references(() => codebases, { onDelete: 'set null' }),
    taskId: id()
      .optional()
      .references(() => tasks, { onDelete: 'set null' }),
    /** The worktree or container it runs in. */
    environmentId: id().optional(),
    /** Fixed when the conversation is created. */
    assistantType: text({ min: 1, max: 64 }).optional(),
    roles: json<string[]>({ shape: 'list' }).default([]),
    members: json<Members>({ shape: 'object' }).default({}),
    archived: boolean().default(false),
    hidden: boolean().default(false),
    deletedAt: timestamp().optional(),
    lastActivityAt: timestamp(),
    /** The `seq` of the newest message: raised with each, never lowered. */
    lastSeq: integer().default(0),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  {
    indexes: [
      { on: ['workspaceId', 'platform', 'platformId'], unique: true },
      { on: ['workspaceId', 'leadId', 'name'], unique: true, where: { kind: 'group' } },
      { on: ['workspaceId', ['lastActivityAt', 'desc'], ['id', 'desc']] },
      { on: ['codebaseId'] },
      { on: ['taskId'] },
    ],
  },
)
export type Conversation = Row<typeof conversations>

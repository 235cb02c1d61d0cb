import { conversations } from './conversations.ts'
import { id, integer, json, oneOf, text, timestamp } from './dsl/columns.ts'
import type { JsonObject, JsonValue } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'

export interface ToolCall extends JsonObject {
  readonly name: string
  readonly input?: JsonValue
  readonly output?: JsonValue
  readonly durationMs?: number
}

/** What was said, in the order it was said. */
export const messages = table(
  'messages',
  {
    id: id().primaryKey(),
    /** The conversation's, whose deletion takes the messages along. */
    workspaceId: id(),
    conversationId: id().references(() => conversations, { onDelete: 'cascade' }),
    /** 1, 2, 3 … within the conversation, without gaps. */
    seq: integer(),
    role: oneOf('system', 'user', 'assistant', 'tool'),
    /** Who said it; the name stays when the agent goes. */
    senderId: id().optional(),
    senderRole: text({ min: 1, max: 128 }).optional(),
    content: text(),
    toolName: text({ min: 1, max: 256 }).optional(),
    toolCall: json<ToolCall>({ shape: 'object' }).optional(),
    turn: integer().optional(),
    /** One key per reaction and person, so that parallel ones never collide. */
    reactions: json<JsonObject>({ shape: 'object' }).default({}),
    createdAt: timestamp(),
  },
  { indexes: [{ on: ['conversationId', 'seq'], unique: true }] },
)
export type MessageRow = Row<typeof messages>

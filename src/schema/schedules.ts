import { boolean, id, json, oneOf, TITLE_LIMIT, text, timestamp } from './dsl/columns.ts'
import type { JsonObject } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { workspaces } from './workspaces.ts'

/** Jobs that come again and again, as a cron expression says. */
export const schedules = table(
  'schedules',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    title: text({ max: TITLE_LIMIT }).default(''),
    /** Five fields, or six with seconds first. */
    cron: text({ min: 1, max: 256 }),
    /** An IANA name. */
    timeZone: text({ min: 1, max: 64 }).default('UTC'),
    /** What becomes of ticks that nobody was there for. */
    catchUp: oneOf('skip', 'once', 'all').default('once'),
    /** The job to enqueue at every tick. */
    job: json<JsonObject>({ shape: 'object' }),
    enabled: boolean().default(true),
    /** The next tick to fire, which has been reached or not; null when disabled, and after the last. */
    nextRunAt: timestamp().optional(),
    /** The newest tick that was fired. */
    lastRunAt: timestamp().optional(),
    /** Why that tick enqueued nothing; null when it did. */
    error: text().optional(),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  { indexes: [{ on: ['workspaceId', 'createdAt', 'id'] }, { on: ['nextRunAt', 'id'] }] },
)
export type Schedule = Row<typeof schedules>

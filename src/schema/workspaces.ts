import { id, json, oneOf, TITLE_LIMIT, text } from './dsl/columns.ts'
import type { JsonObject } from './dsl/json.ts'
import { type Row, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'

/** Projects and companies: everything else belongs to one, and goes with it. */
export const workspaces = table(
  'workspaces',
  {
    id: id().primaryKey(),
    title: text({ min: 1, max: TITLE_LIMIT }),
    /** The id, unless given: uniqueness never hinges on null. */
    slug: id(),
    kind: oneOf('project', 'company').default('project'),
    description: text().default(''),
    /** Working folder. */
    cwd: text({ min: 1, max: 4096 }).optional(),
    status: oneOf('active', 'archived').default('active'),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    ...versioned,
    ...created,
  },
  { indexes: [{ on: ['slug'], unique: true }, { on: ['createdAt', 'id'] }] },
)
export type Workspace = Row<typeof workspaces>

import { integer, timestamp } from './dsl/columns.ts'

/** Rises with every change; `update` can insist on it. */
export const versioned = { version: integer().default(1) }

/** Both from the injected clock. */
export const created = { createdAt: timestamp(), updatedAt: timestamp() }

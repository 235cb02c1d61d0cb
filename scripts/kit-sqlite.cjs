/**
 * The tables as drizzle-kit reads them: every export is one. CommonJS, because a module's exports would each have to be
 * written down, and `src/schema/tables.ts` is the only list.
 */

const { toSqlite } = require('../src/schema/drizzle/sqlite.ts')
const { schema } = require('../src/schema/tables.ts')

module.exports = Object.fromEntries(Object.entries(schema).map(([name, table]) => [name, toSqlite(table)]))

/** The schema's other face: a table of the neutral schema as a drizzle table, for drizzle-kit and for queries of your own. */

export { toPostgres } from './schema/drizzle/postgres.ts'
export { toSqlite } from './schema/drizzle/sqlite.ts'

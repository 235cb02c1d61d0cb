/** The driver, loaded when a database is opened and not before. */

import { loadDriver } from '../drivers.ts'
import type { Driver } from './driver.ts'

export async function loadBetterSqlite3(): Promise<Driver> {
  const module = await loadDriver('better-sqlite3', () => import('better-sqlite3'))
  return module.default
}

/** drizzle-kit on SQLite, whatever else is configured: the file that the app would open with `driver: 'sqlite'`. */

import { kitConfig } from './scripts/kit-config.ts'
import { loadEnvFiles } from './src/config/env-files.ts'
import { resolve } from './src/config.ts'

loadEnvFiles()

export default kitConfig(resolve({ driver: 'sqlite' }))

/** drizzle-kit works on the database that the app itself would open. */

import { kitConfig } from './scripts/kit-config.ts'
import { loadEnvFiles } from './src/config/env-files.ts'
import { resolve } from './src/config.ts'

loadEnvFiles()

export default kitConfig(resolve())

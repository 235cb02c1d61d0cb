/** Whether the Next.js app of this folder, if there is one, bundles Terrace so that it works where it is deployed. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../errors.ts'
import { type AppManifest, configWithout, readManifest, versionOf, WITH_TERRACE } from '../next-app.ts'
import type { Finding } from './finding.ts'

export function nextFindings(folder: string): readonly Finding[] {
  if (!existsSync(join(folder, 'package.json'))) return []
  let manifest: AppManifest
  try {
    manifest = readManifest(folder)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [{ about: 'next', state: 'warning', says: error.message, fix: 'npm pkg fix' }]
  }
  const version = versionOf(manifest, 'next')
  if (version === undefined) return []
  const config = configWithout({ folder, manifest })
  if (config === undefined) return [{ about: 'next', state: 'ok', says: `Next.js ${version}` }]
  const says = `webpack builds this app, and ${config} does not keep Terrace out of its bundles`
  return [{ about: 'next', state: 'warning', says, fix: WITH_TERRACE }]
}

/** Which packages are installed where this program looks for them, and whether they are new enough. */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Driver } from '../../config.ts'
import { DRIVER_PACKAGES } from '../../engine/drivers.ts'
import type { Manifest } from '../version.ts'
import type { Finding } from './finding.ts'

/** What can be done without, and what it is for. */
const EXTRAS = { yjs: 'notes', ws: 'WebSockets' }

export function programFinding({ version, engines }: Manifest, node = process.versions.node): Finding {
  const says = `Terrace ${version}, Node ${node}, ${process.platform} ${process.arch}`
  if (!isOlder(node, engines.node)) return { about: 'versions', state: 'ok', says }
  return {
    about: 'versions',
    state: 'problem',
    says: `${says}, and ${engines.node} is needed`,
    fix: 'nvm install 24',
  }
}

export function driverFinding(driver: Driver, { peerDependencies }: Manifest): Finding {
  if (driver === 'memory') return { about: 'driver', state: 'ok', says: 'memory needs no package' }
  const name = DRIVER_PACKAGES[driver]
  const fix = `npm install ${name}`
  const version = installedVersion(name)
  if (version === undefined) {
    return { about: 'driver', state: 'problem', says: `${name} is not installed`, fix }
  }
  const wanted = peerDependencies[name] ?? '*'
  if (isOlder(version, wanted)) {
    const says = `${name} ${version} is installed, and ${wanted} is needed`
    return { about: 'driver', state: 'problem', says, fix: `${fix}@latest` }
  }
  return { about: 'driver', state: 'ok', says: `${name} ${version}` }
}

export function extraFindings({ peerDependencies }: Manifest): readonly Finding[] {
  // What was packed into the program is not for anybody to install.
  const extras = Object.entries(EXTRAS).filter(([name]) => name in peerDependencies)
  return extras.map(([name, use]): Finding => {
    const version = installedVersion(name)
    const says = version === undefined ? `${name} is not installed; ${use} need it` : `${name} ${version}`
    return { about: use, state: 'note', says, ...(version === undefined && { fix: `npm install ${name}` }) }
  })
}

/** By the file, not by loading it: one that cannot be loaded is told apart from one that is not there. */
export function installedVersion(name: string): string | undefined {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const file = join(folder, name, 'package.json')
    // The cast: every package has a version.
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
  }
  return undefined
}

/** Whether the version is below what a range such as `>=8.23 <10` begins with. */
export function isOlder(version: string, range: string): boolean {
  const [least, found] = [range.split(' ')[0]!, version].map((text) => (text.match(/\d+/g) ?? []).map(Number))
  for (const [index, wanted] of least!.entries()) {
    const has = found![index] ?? 0
    if (has !== wanted) return has < wanted
  }
  return false
}

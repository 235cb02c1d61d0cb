/**
 * The tiers that a test run covers: all of them, or those named in TERRACE_TEST_TIERS (`memory,sqlite`). `server` is
 * a Postgres of the user's own, and there only if TERRACE_TEST_POSTGRES_URL names it.
 */

import type { SqlDialect } from '../../src/schema/constraints.ts'

export const tiers = ['memory', 'sqlite', 'pglite', 'postgres', 'neon', 'server'] as const
export type Tier = (typeof tiers)[number]

export function selectedTiers(env: NodeJS.ProcessEnv = process.env): readonly Tier[] {
  const names = (env.TERRACE_TEST_TIERS ?? '').split(',').map((name) => name.trim())
  const wanted = names.filter((name) => name !== '')
  const unknown = wanted.filter((name) => !tiers.some((tier) => tier === name))
  if (unknown.length > 0) {
    throw new Error(`TERRACE_TEST_TIERS: unknown ${unknown.join(', ')}; known are ${tiers.join(', ')}`)
  }
  const hasServer = (env.TERRACE_TEST_POSTGRES_URL ?? '') !== ''
  if (wanted.includes('server') && !hasServer) {
    throw new Error(
      'TERRACE_TEST_TIERS: server needs TERRACE_TEST_POSTGRES_URL, the URL of a role that may create databases',
    )
  }
  return tiers.filter((tier) =>
    wanted.length === 0 ? tier !== 'server' || hasServer : wanted.includes(tier),
  )
}

/** The SQL dialects that a run covers: what is tested beneath the engines, by the bare drivers, follows them. */
export function selectedDialects(env?: NodeJS.ProcessEnv): readonly SqlDialect[] {
  const selected = selectedTiers(env)
  // The run has a server of its own for either of them.
  const hasPostgres = selected.includes('postgres') || selected.includes('neon')
  return [
    ...(hasPostgres ? (['postgres'] as const) : []),
    ...(selected.includes('sqlite') ? (['sqlite'] as const) : []),
  ]
}

/** The tiers that a test run covers: all of them, or those named in TERRACE_TEST_TIERS (`memory,sqlite`). */

export const tiers = ['memory', 'sqlite', 'pglite', 'postgres', 'neon'] as const
export type Tier = (typeof tiers)[number]

export function selectedTiers(env: NodeJS.ProcessEnv = process.env): readonly Tier[] {
  const names = (env.TERRACE_TEST_TIERS ?? '').split(',').map((name) => name.trim())
  const wanted = names.filter((name) => name !== '')
  const unknown = wanted.filter((name) => !tiers.some((tier) => tier === name))
  if (unknown.length > 0) {
    throw new Error(`TERRACE_TEST_TIERS: unknown ${unknown.join(', ')}; known are ${tiers.join(', ')}`)
  }
  return wanted.length === 0 ? tiers : tiers.filter((tier) => wanted.includes(tier))
}

/** Notes that were opened and closed leave nothing behind, however often. */

import { expect, test } from 'vitest'
import { runChild } from '../support/child.ts'
import { tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'

for (const tier of ['memory', 'sqlite'] as const) {
  test.runIf(selectedTiers().includes(tier))(
    `10,000 opens, edits and closes leave the heap flat and no timer behind on ${tier}`,
    async () => {
      await using folder = await tempDir()
      const { code, stderr, lines } = await runChild(new URL('./leak-worker.ts', import.meta.url), {
        args: [tier === 'memory' ? '' : `${folder.path}/leaks.db`],
        execArgv: ['--expose-gc'],
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const { heaps, left } = JSON.parse(lines[0]!)
      expect(left).toEqual([])
      // A hundred bytes for each would be half a megabyte; code that warms up takes some.
      expect(heaps[1] - heaps[0]).toBeLessThan(2_000_000)
    },
  )
}

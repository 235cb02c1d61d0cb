/** Notes that were opened and closed leave nothing behind, however often. */

import { expect, test } from 'vitest'
import { runChild } from '../support/child.ts'
import { tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'
import { PATIENCE } from './places.ts'

for (const tier of ['memory', 'sqlite'] as const) {
  test.runIf(selectedTiers().includes(tier))(
    `10,000 opens and closes, with edits in between, leave the heap flat and no timer behind on ${tier}`,
    PATIENCE,
    async () => {
      await using folder = await tempDir()
      const { code, stderr, lines } = await runChild(new URL('./leak-worker.ts', import.meta.url), {
        args: [tier === 'memory' ? '' : `${folder.path}/leaks.db`],
        // Code that V8 forgets in between would hide what is left.
        execArgv: ['--expose-gc', '--no-flush-bytecode'],
      })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const { heaps, left } = JSON.parse(lines[0]!)
      expect(left).toEqual([])
      // The first stretch is to warm up. Two hundred bytes for each opening after it would be more than this.
      expect(heaps.at(-1) - heaps[0]).toBeLessThan(1_500_000)
    },
  )
}

/** Runs one program on several tiers and says where their transcripts part. */

import { describeStep, type Program } from './program.ts'
import type { Rig } from './rigs.ts'
import { FOREIGN } from './show.ts'

/** The first line that differs from tier to tier, or is no tier's to say; undefined when there is none. */
export async function difference(program: Program, rigs: readonly Rig[]): Promise<string | undefined> {
  // All of them end before the next program begins, also when one breaks.
  const runs = await Promise.allSettled(rigs.map((rig) => rig.run(program)))
  const transcripts = runs.map((run) => {
    if (run.status === 'rejected') throw run.reason
    return run.value
  })
  const length = Math.max(...transcripts.map((entries) => entries.length))
  for (let i = 0; i < length; i++) {
    const lines = transcripts.map((entries) => entries[i]?.line ?? 'nothing')
    const isForeign = lines.some((line) => line.includes(FOREIGN))
    if (!isForeign && lines.every((line) => line === lines[0])) continue
    const step = transcripts.find((entries) => entries[i] !== undefined)![i]!.step
    const where = step === undefined ? 'the rows in the end' : describeStep(step)
    return [`${where}`, ...rigs.map((rig, r) => `  ${rig.tier}: ${lines[r]!.trim()}`)].join('\n')
  }
  return undefined
}

/**
 * A process that works jobs off until it is killed: `node storm-worker.ts <StormOrders as JSON>`. Says each job that it
 * begins and each that it ends, so that what was said remains when it is killed.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { createSystem } from '../../src/system.ts'
import type { Job } from '../../src/work/worker.ts'
import { openTarget } from '../notes/crash-orders.ts'
import { createRandom } from '../notes/random.ts'
import type { Said, StormOrders } from './storm-orders.ts'

const { target, seed, concurrency, leaseMs } = JSON.parse(process.argv[2]!) as StormOrders
const random = createRandom(seed)
const say = (said: Said) => void process.stdout.write(`${JSON.stringify(said)}\n`)

const system = await createSystem({ engine: await openTarget(target) })
const worker = system.backgroundTasks.work(
  {
    storm: async ({ id, fence, leaseUntil, concurrencyKey: key }: Job) => {
      say({ begun: id, fence, key, at: Date.now(), until: leaseUntil!.getTime() })
      try {
        if (random.chance(0.3)) await sleep(random.below(4))
        if (random.chance(0.01)) throw new Error('as it happens')
        return { fence }
      } finally {
        say({ ended: id, fence, at: Date.now() })
      }
    },
  },
  // Late heartbeats on a busy machine are part of the storm.
  { concurrency, leaseMs, pollMs: { min: 10, max: 100 }, onError: () => {} },
)
say({ ready: worker.id })
process.stdin.resume().on('end', async () => {
  await worker.stop()
  await system.close()
})

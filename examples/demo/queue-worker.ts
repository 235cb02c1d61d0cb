/** A process of the demo's third chapter: `node queue-worker.ts <CrewOptions as JSON>` packs until nothing is left. */

import { createSystem, type SystemOptions } from '../../src/index.ts'
import { pack } from './queue.ts'

export interface CrewOptions {
  readonly options: SystemOptions
  readonly workspaceId: string
  readonly talkId: string
  readonly who: string
  /** With its first job in hand it says so, and waits to be killed. */
  readonly dies?: boolean | undefined
}

const orders: CrewOptions = JSON.parse(process.argv[2]!)
const system = await createSystem(orders.options)
await pack(system, orders)
if (!orders.dies) await system.close()
else {
  process.stdout.write('a job in hand\n')
  setInterval(() => {}, 1000)
}

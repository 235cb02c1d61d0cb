/** A process that looks after what comes due until it is killed: `node caretaker.ts <Target as JSON>`. */

import { createSystem } from '../../src/system.ts'
import { openTarget, type Target } from '../notes/crash-orders.ts'

const target: Target = JSON.parse(process.argv[2]!)
const system = await createSystem({ engine: await openTarget(target) })
system.start({ pollMs: 50, onSwept: () => process.stdout.write('swept\n') })

/** The jobs that the crew puts into the queue: they take their time, say how far they are, and fail now and then. */

import type { Handler, Handlers } from 'terrace'
import { between, oneOf, pause } from './pace'
import { ACTIVITIES, FAILURES, type Kind, REMARKS } from './script'

/** Of a hundred jobs, so many fail at first, and so many with every attempt. */
const FLAKY = 22
const HOPELESS = 5
const STEPS = 14

type Payload = Readonly<Record<Kind, null>>

export const labour: Handlers<Payload> = {
  design: labourOf('design'),
  build: labourOf('build'),
  test: labourOf('test'),
}

function labourOf(kind: Kind): Handler<null> {
  const activities = ACTIVITIES[kind]
  return async (job, { signal, progress }) => {
    const luck = luckOf(job.id)
    const failsAt =
      luck < HOPELESS || (luck < HOPELESS + FLAKY && job.attempts === 1) ? between(4, 12) : STEPS
    for (let step = 0; step < STEPS; step++) {
      signal.throwIfAborted()
      if (step > failsAt) throw new Error(oneOf(FAILURES[kind]))
      const activity = activities[Math.floor((step / STEPS) * activities.length)] ?? null
      await progress({ percent: Math.round((step / STEPS) * 100), activity })
      await pause(between(250, 650), signal)
    }
    return { remark: oneOf(REMARKS[kind]) }
  }
}

/** From 0 to 99, and the same with each attempt. */
function luckOf(id: string): number {
  return Number.parseInt(id.slice(-4), 16) % 100
}

/** What is due, done when somebody outside rings: hosts without a process that stays have a cron for that. */

import { createHash, timingSafeEqual } from 'node:crypto'
import type { SharedSystem } from '../shared-system.ts'
import type { System } from '../system.ts'
import type { RanDue, RunDueOptions } from '../work/run-due.ts'
import { isLocal } from './access.ts'
import { HttpRefusal } from './refusals.ts'

export interface CronOptions {
  readonly system: Pick<System, 'runDue'> | Pick<SharedSystem, 'runDue'>
  readonly secret: string | undefined
  readonly isDevelopment: boolean
  /** Which jobs are run, and for how long. */
  readonly due: RunDueOptions<Record<string, never>> | undefined
}

export type Cron = (request: Request) => Promise<Response>

export function createCron({ system, secret, isDevelopment, due }: CronOptions): Cron {
  let running: Promise<RanDue> | undefined

  function check(request: Request): void {
    if (secret !== undefined && secret !== '') {
      const shown = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
      if (shown !== undefined && isSame(shown, secret)) return
      throw new HttpRefusal('UNAUTHENTICATED', 'the secret of the cron is missing, or another', {
        'www-authenticate': 'Bearer',
      })
    }
    if (isDevelopment && isLocal(request)) return
    throw new HttpRefusal('FORBIDDEN', 'nobody may ring here before CRON_SECRET is set')
  }

  return async (request) => {
    check(request)
    // Who rings meanwhile hears of the same.
    running ??= system.runDue(due).finally(() => {
      running = undefined
    })
    const { firings, timers, leases, fileLocks, purged, jobs, isIdle } = await running
    return Response.json({
      firings: firings.length,
      timers: timers.length,
      leases: leases.length,
      fileLocks: fileLocks.length,
      purged,
      jobs,
      isIdle,
    })
  }
}

/** In a time that tells nothing of where they differ, nor how long they are. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

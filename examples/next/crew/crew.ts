/**
 * A crew of agents that follow a script: no model is asked, and nothing leaves this machine. Each looks at the
 * workspace, does what its role has to do there, and looks again. What they know is in the stores, so that a crew that
 * was stopped, or whose server was killed, goes on where it was.
 */

import type { ErrorCode, SharedSystem } from 'terrace'
import { pause } from './pace'
import { plan } from './planner'
import { review } from './reviewer'
import { ROLES, type Role } from './script'
import { work } from './worker'

export type Scope = ReturnType<SharedSystem['in']>

/** An agent at work. */
export interface Member {
  readonly system: Scope
  readonly workspaceId: string
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly signal: AbortSignal
  /** Says what it is doing. */
  says(summary: string): Promise<void>
}

/** Does something, and answers whether there was something to do. */
export type Turn = (member: Member) => Promise<boolean>

const TURNS: Readonly<Record<Role, Turn>> = {
  planner: plan,
  designer: work,
  builder: work,
  tester: work,
  reviewer: review,
}

/** Resolves when the signal fires. */
export async function runCrew(system: SharedSystem, workspaceId: string, signal: AbortSignal): Promise<void> {
  const scope = system.in(workspaceId)
  const own = new AbortController()
  const either = AbortSignal.any([signal, own.signal])
  const members = await Promise.all(ROLES.map((role) => join(scope, workspaceId, role, either)))
  // Who fails takes the others along; the job is tried again, with all of them.
  const working = members.map((member) => keepWorking(member).finally(() => own.abort()))
  await Promise.allSettled(working)
  await Promise.all(working)
}

async function join(system: Scope, workspaceId: string, role: Role, signal: AbortSignal): Promise<Member> {
  const id = `${workspaceId}.${role}`
  const name = `${role[0]!.toUpperCase()}${role.slice(1)}`
  await system.agents.upsert({ id, workspaceId, name, role })
  await system.agents.heartbeat(id, { status: 'running' })
  return {
    system,
    workspaceId,
    id,
    name,
    role,
    signal,
    async says(lastSummary) {
      await system.agents.update(id, { lastSummary })
      await system.agents.heartbeat(id, { status: 'running' })
    },
  }
}

async function keepWorking(member: Member): Promise<void> {
  const { system, id, role, signal } = member
  let isIdle = false
  while (!signal.aborted) {
    try {
      const hadWork = await TURNS[role](member)
      // Said once, rather than with every look.
      if (!hadWork && !isIdle) await system.agents.setStatus(id, 'idle')
      isIdle = !hadWork
    } catch (error) {
      if (signal.aborted) break
      if (!isPassing(error)) throw error
    }
    await pause(700, signal)
  }
  await system.agents.setStatus(id, 'idle')
}

/** People do things at the same time, and databases go away for a moment: it looks again. */
const PASSING: readonly ErrorCode[] = [
  'INVALID_TRANSITION',
  'NOT_FOUND',
  'REFERENCE',
  'VERSION_CONFLICT',
  'UNAVAILABLE',
]

/** By its code: this module's class is not that of another bundle of the same server. */
function isPassing(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown }
  return PASSING.some((passing) => passing === code)
}

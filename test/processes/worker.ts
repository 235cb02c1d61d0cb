/**
 * A process among several on one database: `node worker.ts <SystemOptions as JSON>`. It opens a System, says how
 * that is, and then does what it is told, line by line: `{ "task": …, … }`.
 */

import { createInterface } from 'node:readline'
import { TerraceError } from '../../src/errors.ts'
import { createSystem, type System } from '../../src/system.ts'

interface Place {
  readonly workspaceId: string
  readonly conversationId: string
}

export type Order =
  | ({ readonly task: 'work'; readonly rounds: number } & Place)
  | { readonly task: 'start'; readonly ids: readonly string[] }
  | { readonly task: 'append'; readonly conversationId: string }

/** Appends, creates and transacts in turn; nothing may fail. */
async function work(system: System, place: Place & { readonly rounds: number }): Promise<void> {
  const { workspaceId, conversationId, rounds } = place
  const content = `from ${process.pid}`
  for (let round = 0; round < rounds; round++) {
    await system.messages.append(conversationId, { role: 'user', content })
    await Promise.all(
      ['a', 'b'].map((title) => system.tasks.create({ workspaceId, title: `${title} ${content}` })),
    )
    await system.transaction(async (tx) => {
      const count = await tx.agents.count({ workspaceId })
      await tx.agents.create({ workspaceId, name: `agent ${count}`, role: 'developer' })
      await tx.messages.append(conversationId, { role: 'assistant', content })
    })
  }
}

/** Starts what it can of these tasks, all at once; the ones it started. */
async function start(system: System, { ids }: { readonly ids: readonly string[] }): Promise<string[]> {
  const started = await Promise.all(
    ids.map(async (id) => {
      try {
        return [(await system.tasks.start(id)).id]
      } catch (error) {
        if (error instanceof TerraceError && error.code === 'INVALID_TRANSITION') return []
        throw error
      }
    }),
  )
  return started.flat()
}

/** Appends until it is killed, three at a time, and says each number that was acknowledged. */
async function append(system: System, { conversationId }: Pick<Place, 'conversationId'>): Promise<never> {
  for (;;) {
    const messages = [1, 2, 3].map((i) => ({ role: 'user' as const, content: `${process.pid} ${i}` }))
    const appended = await system.messages.appendMany(conversationId, messages)
    say(appended.map(({ seq }) => seq))
  }
}

async function obey(system: System, order: Order): Promise<unknown> {
  switch (order.task) {
    case 'work':
      return work(system, order)
    case 'start':
      return start(system, order)
    case 'append':
      return append(system, order)
  }
}

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what ?? null)}\n`)
}

const system = await createSystem({ env: {}, ...JSON.parse(process.argv[2]!) })
say(await system.health())
for await (const line of createInterface({ input: process.stdin })) say(await obey(system, JSON.parse(line)))
await system.close()

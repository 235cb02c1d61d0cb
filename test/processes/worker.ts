/**
 * A process among several on one database: `node worker.ts <task> <SystemOptions> <arguments>`, both JSON. It says
 * `ready` once its System is open, does its task when told `go`, and says what came of it.
 */

import { createInterface } from 'node:readline'
import { TerraceError } from '../../src/errors.ts'
import { createSystem, type System } from '../../src/system.ts'

export interface Place {
  readonly workspaceId: string
  readonly conversationId: string
}

const tasks = {
  /** Appends, creates and transacts in turn; nothing may fail. */
  async work(system: System, { workspaceId, conversationId, rounds }: Place & { readonly rounds: number }) {
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
    say('done')
  },

  /** Appends until it is killed, and says each number that was acknowledged. */
  async append(system: System, { conversationId }: Place) {
    for (;;) {
      const messages = [1, 2, 3].map((i) => ({ role: 'user' as const, content: `${process.pid} ${i}` }))
      const appended = await system.messages.appendMany(conversationId, messages)
      say(appended.map(({ seq }) => seq).join(' '))
    }
  },

  /** Starts what it can of these tasks, all at once, and says which. */
  async start(system: System, { ids }: { readonly ids: readonly string[] }) {
    const started = await Promise.all(
      ids.map(async (id) => {
        try {
          return (await system.tasks.start(id)).id
        } catch (error) {
          if (error instanceof TerraceError && error.code === 'INVALID_TRANSITION') return undefined
          throw error
        }
      }),
    )
    say(JSON.stringify(started.filter((id) => id !== undefined)))
  },

  /** Says how its System is, and leaves. */
  async health(system: System) {
    say(JSON.stringify(await system.health()))
  },
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const [task, options, input] = process.argv.slice(2)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const system = await createSystem({ env: {}, ...JSON.parse(options!) })
say('ready')
await lines.next()
await tasks[task as keyof typeof tasks](system, JSON.parse(input ?? '{}'))
await system.close()
process.stdin.destroy()

/** The same agent's work on Mastra's storage: threads saved and read, messages appended, the last 50 listed. */

import { randomUUID } from 'node:crypto'
import { createSystem, type System } from '../../src/system.ts'
import { startPostgres } from '../../test/support/postgres-server.ts'
import { tempFolder } from '../fixtures/folder.ts'
import {
  type MastraMemory,
  type MastraMessage,
  type MastraStore,
  type MastraThread,
  mastraInMemory,
  mastraPostgres,
  mastraSqlite,
} from '../fixtures/mastra.ts'
import { openPostgres } from '../fixtures/postgres.ts'
import { WORKSPACE } from '../fixtures/tasks.ts'
import { awaited, crowd, race, type Side, speed } from '../measure.ts'
import { absolute, type Group, type Row, type Target } from '../row.ts'

const THREADS = 50
const MESSAGES = 60
const CALLERS = 100

type Work = 'save a thread' | 'get a thread' | 'append a message' | 'list the last 50'
type Targets = Readonly<Record<Work, Target>>

export async function mastra(): Promise<Group> {
  await using folder = await tempFolder()
  await using server = await startPostgres({ durable: true })
  const rows: Row[] = []
  {
    await using system = await createSystem({ driver: 'sqlite', path: folder.file('ours.db'), env: {} })
    const store = await mastraSqlite(folder.file('mastra.db'))
    rows.push(
      ...(await compare('SQLite', system, store, 1, {
        'save a thread': null,
        'get a thread': { atLeast: 8 },
        'append a message': { atLeast: 3 },
        'list the last 50': { atLeast: 5 },
      })),
    )
    await store.close?.()
  }
  {
    await using system = await createSystem({ driver: 'memory', env: {} })
    rows.push(
      ...(await compare('memory', system, await mastraInMemory(), 1, {
        'save a thread': null,
        'get a thread': { atLeast: 0.7 },
        'append a message': { atLeast: 3 },
        'list the last 50': { atLeast: 3 },
      })),
    )
  }
  for (const callers of [1, CALLERS]) {
    const target = { atLeast: callers === 1 ? 1.5 : 3 }
    await using system = await openPostgres(await server.createDatabase(`ours_${callers}`))
    const store = await mastraPostgres(await server.createDatabase(`mastra_${callers}`))
    rows.push(
      ...(await compare('Postgres', system, store, callers, {
        'save a thread': target,
        'get a thread': target,
        'append a message': target,
        'list the last 50': target,
      })),
    )
    await store.close?.()
  }
  return {
    title: "Mastra's storage",
    method: `${THREADS} threads of ${MESSAGES} messages each to begin with, a message of some 200 characters. Both write with the same durability: on SQLite WAL and synchronous NORMAL, which are also Mastra's own settings (libsql), on Postgres fsync and a pool of 10 each. Ours also checks what it is given, keeps a gapless \`seq\`, and refuses a message to a thread that is not there.`,
    rows,
  }
}

async function compare(
  where: string,
  system: System,
  store: MastraStore,
  callers: number,
  targets: Targets,
): Promise<Row[]> {
  const theirs = await store.getStore('memory')
  await system.workspaces.create({ id: WORKSPACE, title: 'Bench' })
  const ids = Array.from({ length: THREADS }, (_, i) => `thread-${i}`)
  for (const id of ids) {
    await system.conversations.create({ id, workspaceId: WORKSPACE })
    await theirs.saveThread({ thread: newThread(id) })
    for (let i = 0; i < MESSAGES; i++) {
      await system.messages.append(id, { role: 'user', content: text(i) })
      await theirs.saveMessages({ messages: [newMessage(id, i)] })
    }
  }
  const rows: Row[] = []
  for (const { work, ours, mastras } of works(system, theirs, ids)) {
    const side = (name: string, call: (i: number) => Promise<unknown>): Side =>
      callers === 1 ? awaited(name, call) : crowd(name, callers, call)
    const [own, other] = await race([side('terrace', ours), side('mastra', mastras)], callers)
    rows.push({
      work: `${work}, ${where}${callers === 1 ? '' : `, ${callers} callers`}`,
      unit: '× Mastra',
      target: targets[work],
      measured: speed(own!, other!),
      absolute: absolute(own!, other!),
    })
  }
  return rows
}

function works(system: System, theirs: MastraMemory, ids: readonly string[]) {
  const pick = (i: number) => ids[i % ids.length]!
  const all: readonly {
    readonly work: Work
    readonly ours: (i: number) => Promise<unknown>
    readonly mastras: (i: number) => Promise<unknown>
  }[] = [
    {
      work: 'get a thread',
      ours: (i) => system.conversations.get(pick(i)),
      mastras: (i) => theirs.getThreadById({ threadId: pick(i) }),
    },
    {
      work: 'list the last 50',
      ours: (i) => system.messages.last(pick(i), 50),
      mastras: (i) =>
        theirs.listMessages({
          threadId: pick(i),
          perPage: 50,
          page: 0,
          orderBy: { field: 'createdAt', direction: 'DESC' },
        }),
    },
    {
      work: 'append a message',
      ours: (i) => system.messages.append(pick(i), { role: 'user', content: text(i) }),
      mastras: (i) => theirs.saveMessages({ messages: [newMessage(pick(i), i)] }),
    },
    {
      work: 'save a thread',
      ours: () =>
        system.conversations.create({
          workspaceId: WORKSPACE,
          title: 'Ship it',
          metadata: { source: 'web' },
        }),
      mastras: () => theirs.saveThread({ thread: newThread(randomUUID()) }),
    },
  ]
  return all
}

function newThread(id: string): MastraThread {
  const now = new Date()
  return {
    id,
    resourceId: WORKSPACE,
    title: 'Ship it',
    metadata: { source: 'web' },
    createdAt: now,
    updatedAt: now,
  }
}

function newMessage(threadId: string, i: number): MastraMessage {
  return {
    id: randomUUID(),
    threadId,
    resourceId: WORKSPACE,
    role: 'user',
    createdAt: new Date(),
    content: { format: 2, parts: [{ type: 'text', text: text(i) }] },
  }
}

function text(i: number): string {
  return `Message ${i}: the parser refuses the third case. The rule about trailing commas is too strict; loosen it, cover both sides with a test that fails today, and say in the changelog what users will see.`
}

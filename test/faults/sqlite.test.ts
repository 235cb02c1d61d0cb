/** SQLite files that cannot be opened, read or written, or that somebody else is writing. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type BetterSqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { sqliteEngine } from '../../src/engine/sqlite/engine.ts'
import { createSystem } from '../../src/system.ts'
import { type Child, runChild, startChild } from '../support/child.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { selectedTiers } from '../support/tiers.ts'
import { fillDisk } from './fill-disk.ts'

const open = (path: string) => createSystem({ driver: 'sqlite', path, env: {} })

describe.runIf(selectedTiers().includes('sqlite'))('a SQLite file', () => {
  let folder: TempDir
  /** A file with a workspace and some hundred tasks, closed. */
  let good: Buffer
  let count = 0

  beforeAll(async () => {
    folder = await tempDir()
    const path = join(folder.path, 'good.db')
    const system = await open(path)
    const { id: workspaceId } = await system.workspaces.create({ title: 'Good' })
    const title = 'task '.repeat(30)
    await Promise.all(Array.from({ length: 300 }, () => system.tasks.create({ workspaceId, title })))
    await system.close()
    good = await readFile(path)
  })

  afterAll(async () => folder[Symbol.asyncDispose]())

  async function fileOf(content: Buffer | string): Promise<string> {
    const path = join(folder.path, `${++count}.db`)
    await writeFile(path, content)
    return path
  }

  describe('that is no database is CONFIG, and the message says which and what to do:', () => {
    test('a folder', async () => {
      await expect(open(folder.path)).rejects.toMatchObject({
        code: 'CONFIG',
        message: `${folder.path} cannot be opened: check that its folder exists and may be written`,
      })
    })

    test('a path that leads through a file', async () => {
      const file = await fileOf('a file')
      await expect(open(join(file, 'a.db'))).rejects.toMatchObject({
        code: 'CONFIG',
        message: expect.stringContaining(`the folder ${file} for the database cannot be made`),
      })
    })

    test('text', async () => {
      const path = await fileOf('not a database '.repeat(500))
      await expect(open(path)).rejects.toMatchObject({
        code: 'CONFIG',
        message: `${path} is damaged or no SQLite database: restore it from a backup, or name another file`,
      })
      // And it is left as it was.
      expect(await readFile(path, 'utf8')).toMatch(/^not a database/)
    })

    test('the beginning of one', async () => {
      const path = await fileOf(good)
      await truncate(path, Math.floor(good.length / 2))
      await expect(open(path)).rejects.toMatchObject({ code: 'CONFIG' })
    })
  })

  test('with a damaged page is CONFIG for whoever needs that page, and serves the others', async () => {
    const damaged = Buffer.from(good)
    const size = good.readUInt16BE(16)
    let pages = 0
    for (let page = size; page < good.length; page += size) {
      if (!good.subarray(page, page + size).includes('task task')) continue
      pages++
      for (let i = page; i < page + 16; i++) damaged[i]! ^= 0xff
    }
    expect(pages).toBeGreaterThan(0)
    await using system = await open(await fileOf(damaged))
    const code = { code: 'CONFIG', message: expect.stringContaining('is damaged') }
    await expect(system.tasks.list()).rejects.toMatchObject(code)
    await expect(system.transaction((tx) => tx.tasks.list())).rejects.toMatchObject(code)
    const { items } = await system.workspaces.list()
    expect(items).toMatchObject([{ title: 'Good' }])
    const workspaceId = items[0]!.id
    const title = 'new'
    // Gathered with a write that is fine; what they share is lost with the damaged page.
    const both = await Promise.allSettled([
      system.workspaces.create({ title }),
      system.tasks.create({ workspaceId, title }),
    ])
    for (const each of both) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'CONFIG' })
    }
    expect(await system.workspaces.count()).toBe(1 + Number(both[0].status === 'fulfilled'))
  })

  test('that may not be written can be read, and refuses writes as CONFIG; nor may its folder: so does opening', async () => {
    const locked = await fileOf(good)
    const closed = join(folder.path, 'closed')
    await mkdir(closed)
    const [there, absent, deeper] = ['there.db', 'absent.db', 'deeper/a.db'].map((name) => join(closed, name))
    await writeFile(there!, good)
    await chmod(folder.path, 0o777)
    await chmod(locked, 0o444)
    await chmod(closed, 0o555)
    const args = [locked, there!, absent!, deeper!]
    const program = new URL('./unprivileged.ts', import.meta.url)
    const { code, stderr, lines } = await runChild(program, { args })
    await chmod(closed, 0o755)

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const refused = `CONFIG ${locked} is read-only: allow this process to write the file and its folder`
    expect(lines).toEqual([
      'read done',
      `create ${refused}`,
      `one of two ${refused}`,
      `one of two ${refused}`,
      `transaction ${refused}`,
      'count 1',
      'open done',
      `open CONFIG ${there} is read-only: allow this process to write the file and its folder`,
      `open CONFIG ${absent} cannot be opened: check that its folder exists and may be written`,
      expect.stringMatching(/^open CONFIG the folder .*deeper for the database cannot be made: EACCES/),
    ])
  })

  describe('that another process is writing', () => {
    let path: string
    let holder: Holder

    beforeAll(async () => {
      path = await fileOf(good)
      holder = await startHolder(path)
    })

    afterAll(() => holder[Symbol.asyncDispose]())

    test('is waited for without holding up anything else, and written once it is free', async () => {
      let retries = 0
      await using system = await createSystem({
        driver: 'sqlite',
        path,
        env: {},
        hooks: { retry: () => retries++ },
      })
      await holder.order('take')
      const settled: string[] = []
      const note = (what: string) => () => settled.push(what)
      const writes = [
        system.workspaces.create({ title: 'lone' }).then(note('lone')),
        system.transaction((tx) => tx.workspaces.create({ title: 'inside' })).then(note('inside')),
      ]
      // Both have come back for the lock several times, and timers went on in between.
      let ticks = 0
      const ticking = setInterval(() => ticks++, 5)
      await expect.poll(() => retries).toBeGreaterThan(8)
      await expect.poll(() => ticks).toBeGreaterThan(8)
      clearInterval(ticking)
      expect(settled).toEqual([])
      // Readers wait for nobody.
      expect(await system.workspaces.count()).toBe(1)
      await holder.order('give')
      await Promise.all(writes)
      expect(settled.sort()).toEqual(['inside', 'lone'])
      expect(await system.workspaces.count()).toBe(3)
    })

    test('for longer than one is willing to wait is UNAVAILABLE, and can be written later', async () => {
      const engine = await sqliteEngine({ path, patience: 100 })
      const system = await createSystem({ engine })
      const before = await system.workspaces.count()
      await holder.order('take')
      const busy = {
        code: 'UNAVAILABLE',
        retryable: true,
        message: expect.stringContaining('another process'),
      }
      const writes = [
        system.workspaces.create({ title: 'lone' }),
        ...['a', 'b'].map((title) => system.workspaces.create({ title })),
        system.transaction((tx) => tx.workspaces.create({ title: 'inside' })),
      ]
      for (const each of await Promise.allSettled(writes)) {
        expect(each).toMatchObject({ status: 'rejected', reason: busy })
      }
      await holder.order('give')
      expect(await system.workspaces.count()).toBe(before)
      expect(await system.workspaces.create({ title: 'later' })).toMatchObject({ version: 1 })
      await system.close()
    })

    test('can be given up on', async () => {
      await using system = await open(path)
      await holder.order('take')
      const controller = new AbortController()
      const { signal } = controller
      const writes = [
        system.workspaces.create({ title: 'given up' }, { signal }),
        system.transaction((tx) => tx.workspaces.count(), { signal }),
      ].map((each) => expect(each).rejects.toThrow('enough'))
      controller.abort(new Error('enough'))
      await Promise.all(writes)
      await holder.order('give')
      expect(await system.workspaces.count({ title: 'given up' })).toBe(0)
    })

    test('is opened at once when there is nothing to migrate', async () => {
      await holder.order('take')
      await using system = await open(path)
      expect(await system.health()).toMatchObject({ status: 'ok' })
      await holder.order('give')
    })

    test('is waited for five seconds, unless told otherwise', async () => {
      await using system = await open(path)
      await holder.order('take')
      vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] })
      try {
        let code: string | undefined
        const write = system.workspaces.create({ title: 'late' }).catch((error) => {
          code = error.code
        })
        await vi.advanceTimersByTimeAsync(4900)
        expect(code).toBeUndefined()
        await vi.advanceTimersByTimeAsync(200)
        await write
        expect(code).toBe('UNAVAILABLE')
      } finally {
        vi.useRealTimers()
      }
      await holder.order('give')
    })
  })

  test('that was removed while a transaction is open gives readers outside a typed error, and the transaction its end', async () => {
    const path = await fileOf(good)
    await using system = await open(path)
    // Where a call comes from tells whether it is inside.
    const outside = AsyncLocalStorage.snapshot()
    const transaction = system.transaction(async (tx) => {
      await tx.workspaces.create({ title: 'inside' })
      await rm(path)
      const message = `${path} cannot be opened: check that its folder exists and may be written`
      const read = outside(() => system.workspaces.count())
      await expect(read).rejects.toMatchObject({ code: 'CONFIG', message })
      return tx.workspaces.count()
    })
    expect(await transaction).toBe(2)
    expect(await system.workspaces.count()).toBe(2)
  })

  test('whose handle was closed beneath is CLOSED for every call, and health says so', async () => {
    const path = await fileOf(good)
    const system = await open(path)
    const { database } = (await system.engine.unwrap()) as { database: BetterSqlite.Database }
    const [workspace] = (await system.workspaces.list()).items
    const closed = { code: 'CLOSED', message: `${path} was closed; open it again` }
    const inside = system.transaction(async (tx) => {
      await tx.workspaces.create({ title: 'lost' })
      database.close()
      await tx.workspaces.count()
    })
    await expect(inside).rejects.toMatchObject(closed)
    const calls: (() => Promise<unknown>)[] = [
      () => system.workspaces.list(),
      () => system.workspaces.get(workspace!.id),
      () => system.workspaces.count(),
      () => system.workspaces.create({ title: 'W' }),
      () => system.workspaces.update(workspace!.id, { title: 'W' }),
      () => system.workspaces.delete(workspace!.id),
      () => system.tasks.create({ workspaceId: workspace!.id, title: 'T', dependsOn: ['t'] }),
      () => system.transaction((tx) => tx.workspaces.count()),
      () => system.engine.ping(),
    ]
    for (const call of calls) await expect(call(), String(call)).rejects.toMatchObject(closed)
    expect(await system.health()).toMatchObject({ status: 'error', error: closed.message })
    await system.close()
    await using again = await open(path)
    expect(await again.workspaces.count()).toBe(1)
  })

  test('opened by a relative path goes on being that file when the working folder changes', async () => {
    const path = await fileOf(good)
    const { code, stderr, lines } = await runChild(RELATIVE, {
      cwd: folder.path,
      args: [new URL('../../src/engine/sqlite/engine.ts', import.meta.url).href, basename(path)],
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const removed = `${path} was removed while it was open: what is written to it will be lost`
    expect(lines.map((line) => JSON.parse(line))).toEqual(['ok', 1, 1, 'rolled back', 'ok', removed])
  })

  test('that was removed while it was open is noticed by health', async () => {
    const path = await fileOf(good)
    await using system = await open(path)
    await rm(path)
    expect(await system.health()).toMatchObject({
      status: 'error',
      error: `${path} was removed while it was open: what is written to it will be lost`,
    })
  })

  describe('on a disk that is full is UNAVAILABLE, keeps what was acknowledged, and is well again with room:', () => {
    const expected = {
      refused: expect.arrayContaining(['UNAVAILABLE']),
      transaction: 'UNAVAILABLE',
      complete: [true, true],
      goesOn: true,
      integrity: [{ integrity_check: 'ok' }],
    }

    test('full by SQLite’s limit of pages', async () => {
      await using system = await open(await fileOf(good))
      const { database } = (await system.engine.unwrap()) as { database: BetterSqlite.Database }
      database.pragma(`max_page_count = ${good.length / 4096 + 50}`)
      const makeRoom = async () => void database.pragma('max_page_count = 100000')
      expect(await fillDisk(system, makeRoom)).toEqual(expected)
    })

    test('really full', async ({ skip }) => {
      const disk = join(folder.path, 'disk')
      await mkdir(disk)
      const program = fileURLToPath(new URL('./fill-disk.ts', import.meta.url))
      // In a mount namespace of its own, the small disk is gone with the process, however that ends.
      const script = 'mount -t tmpfs -o size=2m tmpfs "$1" || exit 77; exec "$2" "$3" "$1"'
      const args = ['--mount', 'sh', '-c', script, 'sh', disk, process.execPath, program]
      const { status, stdout, stderr, error } = spawnSync('unshare', args, { encoding: 'utf8' })
      if (error !== undefined || status === 77 || stderr.startsWith('unshare:')) {
        skip('to make a small disk takes Linux and the right to mount')
      }
      expect(JSON.parse(stdout)).toEqual(expected)
    })
  })
})

/**
 * A process that opens a file by a relative path and goes elsewhere, reads inside a transaction and outside of
 * it, and asks how the file is, before and after it is removed.
 */
const RELATIVE = `
  import { AsyncLocalStorage } from 'node:async_hooks'
  import { mkdir, rm } from 'node:fs/promises'
  import { resolve } from 'node:path'
  // After -e, arguments begin one earlier.
  const [module, path] = process.argv.slice(1)
  const { sqliteEngine } = await import(module)
  const { workspaces } = await import(new URL('../../schema/workspaces.ts', module))
  const say = (value) => console.log(JSON.stringify(value))
  const engine = await sqliteEngine({ path })
  const file = resolve(path)
  await mkdir('elsewhere', { recursive: true })
  process.chdir('elsewhere')
  const ping = () => engine.ping().then(() => 'ok', (error) => error.message)
  say(await ping())
  const outside = AsyncLocalStorage.snapshot()
  const own = engine.transaction(async (tx) => {
    say((await tx.remove(workspaces, { where: {} })).length)
    say((await outside(() => engine.find(workspaces))).length)
    throw new Error('rolled back')
  })
  say(await own.catch((error) => error.message))
  say(await ping())
  await rm(file)
  say(await ping())
  await engine.close()`

interface Holder extends Child {
  order(what: 'take' | 'give'): Promise<void>
}

/** A process that takes the file's one write lock and gives it back, by the bare driver. */
async function startHolder(path: string): Promise<Holder> {
  const code = `
    import Database from 'better-sqlite3'
    import { createInterface } from 'node:readline'
    const database = new Database(${JSON.stringify(path)}, { timeout: 5000 })
    for await (const line of createInterface({ input: process.stdin })) {
      database.exec(line === 'take' ? 'begin immediate' : 'rollback')
      console.log('done')
    }`
  const child = startChild(code, { cwd: import.meta.dirname })
  return Object.assign(child, {
    async order(what: 'take' | 'give') {
      child.say(what)
      expect(await child.line()).toBe('done')
    },
  })
}

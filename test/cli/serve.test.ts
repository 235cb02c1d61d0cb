/** serve: where it listens, who is let in, and when it stops. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { createSystem } from '../../src/system.ts'
import { startChild } from '../support/child.ts'
import { createTestDatabase } from '../support/databases.ts'
import { type TempDir, tempDir } from '../support/temp.ts'
import { selectedDialects } from '../support/tiers.ts'
import { bare, call, isAlive, MAIN, type Served, serve } from './serving.ts'
import { terrace, terraceJson } from './support.ts'

const onPostgres = it.runIf(selectedDialects().includes('postgres'))

let folder: TempDir
let cwd: string
beforeAll(async () => {
  folder = await tempDir()
  cwd = folder.path
})
afterAll(() => folder[Symbol.asyncDispose]())

describe('a process that serves', () => {
  let served: Served
  let workspaceId: string
  beforeAll(async () => {
    served = await serve(['--origin', 'https://app.example.org'], {
      cwd,
      env: { XDG_DATA_HOME: join(cwd, 'share') },
    })
    const { body } = await served.call('/stores/workspaces/create', [{ title: 'W' }])
    // The cast: the row that was made.
    workspaceId = (body as { id: string }).id
  })
  afterAll(() => served[Symbol.asyncDispose]())

  it('says in its first line where it is, and is on loopback alone', async () => {
    const { url, port, token, pid, tier, target } = served.serving
    expect(Object.keys(served.serving)).toEqual(['url', 'port', 'token', 'pid', 'tier', 'target'])
    expect({ url, pid, tier }).toEqual({
      url: `http://127.0.0.1:${port}`,
      pid: served.child.pid,
      tier: 'sqlite',
    })
    expect(token).toMatch(/^[\w-]{43}$/)
    if (process.platform === 'linux') expect(target).toBe(join(cwd, 'share/terrace/terrace.db'))
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
    const own = others.find(({ internal, family }) => !internal && family === 'IPv4')
    if (own !== undefined) await expect(fetch(`http://${own.address}:${port}/health/db`)).rejects.toThrow()
  })

  it('lets in who shows the token, in a header, and nobody else', async () => {
    const { serving } = served
    expect((await call(serving, undefined, '/health/db')).body).toEqual({
      status: 'ok',
      database: 'connected',
    })
    expect((await served.call(`/stores/workspaces/${workspaceId}`)).status).toBe(200)
    for (const token of [
      undefined,
      '',
      'x',
      serving.token!.slice(1),
      `${serving.token}x`,
      serving.token!.toUpperCase(),
    ]) {
      for (const [path, args] of [
        ['/stores/workspaces'],
        ['/stores/workspaces/create', [{ title: 'X' }]],
        [`/events?workspaceId=${workspaceId}`],
        ['/health'],
        ['/cron'],
      ] as const) {
        const { status, body } = await call(serving, token, path, args)
        expect([401, 403], path).toContain(status)
        expect(JSON.stringify(body)).not.toContain(workspaceId)
      }
    }
    expect((await served.call('/stores/workspaces')).body).toMatchObject({ items: [{ id: workspaceId }] })
  })

  it('takes it from the URL for streams, and not for what a log should not hold', async () => {
    const { serving } = served
    const inUrl = `token=${serving.token}`
    expect((await call(serving, undefined, `/stores/workspaces?${inUrl}`)).status).toBe(401)
    expect(
      (await call(serving, undefined, `/stores/workspaces/create?${inUrl}`, [{ title: 'X' }])).status,
    ).toBe(401)
    const abort = new AbortController()
    const events = await fetch(`${serving.url}/events?workspaceId=${workspaceId}&${inUrl}`, {
      signal: abort.signal,
    })
    expect(events.status).toBe(200)
    expect(events.headers.get('content-type')).toContain('text/event-stream')
    abort.abort()
  })

  it('syncs notes over WebSockets with the token, and not without', async () => {
    const { body } = await served.call('/stores/notes/create', [{ workspaceId, title: 'N', text: 'hello' }])
    const { id } = body as { id: string }
    const place = `${served.serving.url.replace('http', 'ws')}/notes`
    const refused = new WebSocket(`${place}/${id}?token=wrong`)
    const [code] = await new Promise<[number]>((resolve) =>
      refused.once('close', (...all) => resolve([all[0]])),
    )
    expect(code).toBe(4403)
    const doc = new Y.Doc()
    // The cast: ws is what a browser has.
    const polyfill = { WebSocketPolyfill: WebSocket as never, params: { token: served.serving.token! } }
    const provider = new WebsocketProvider(place, id, doc, { ...polyfill, disableBc: true })
    await expect.poll(() => String(doc.getText('content'))).toBe('hello')
    doc.getText('content').insert(5, ' there')
    await expect
      .poll(async () => (await served.call('/stores/notes/read', [id])).body)
      .toMatchObject({ text: 'hello there' })
    provider.destroy()
  })

  it('is for the pages of a Tauri shell and of the origins that are named', async () => {
    const { url, token } = served.serving
    const ask = (origin: string, method = 'GET') =>
      fetch(`${url}/stores/workspaces`, {
        method,
        headers: {
          origin,
          ...(method === 'OPTIONS' && { 'access-control-request-headers': 'authorization' }),
          ...(method === 'GET' && { authorization: `Bearer ${token}` }),
        },
      })
    for (const origin of [
      'tauri://localhost',
      'http://tauri.localhost',
      'https://tauri.localhost',
      'https://app.example.org',
    ]) {
      const response = await ask(origin)
      expect(response.status, origin).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      const preflight = await ask(origin, 'OPTIONS')
      expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    }
    for (const origin of ['https://evil.example', 'tauri://evil', 'http://localhost:3000', 'null']) {
      const response = await ask(origin)
      expect(response.status, origin).toBe(403)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('fires schedules', async () => {
    await served.call('/stores/schedules/create', [
      { workspaceId, cron: '* * * * * *', job: { kind: 'tick' } },
    ])
    await expect
      .poll(async () => (await served.call('/stores/backgroundTasks?kind=tick')).body)
      .toMatchObject({ items: [{ kind: 'tick' }] })
  })
})

describe('which database', () => {
  const started = async (args: readonly string[], env: NodeJS.ProcessEnv, place = cwd) => {
    await using served = await serve(args, { cwd: place, env })
    return served.serving
  }

  it('is the data folder’s by identifier, and .env is not looked at then', async () => {
    await using place = await tempDir()
    writeFileSync(join(place.path, '.env'), 'DATABASE_URL=file:./wrong.db\n')
    const env = {
      XDG_DATA_HOME: join(place.path, 'share'),
      HOME: place.path,
      APPDATA: join(place.path, 'share'),
    }
    const { target } = await started(['--identifier', 'com.example.agents'], env, place.path)
    expect(target).toMatch(/com\.example\.agents.terrace\.db$/)
    expect((await started([], env, place.path)).target).toBe(join(place.path, 'wrong.db'))
    // And the other commands mean the same.
    const { data } = await terraceJson(['status', '--identifier', 'com.example.agents'], { cwd, env })
    if (process.platform === 'linux') expect(data).toMatchObject({ target, state: 'ok' })
  })

  it('is what options and variables say', async () => {
    const file = join(cwd, 'variable.db')
    expect((await started([], { SQLITE_DB_PATH: file })).target).toBe(file)
    expect((await started(['--path', 'flag.db'], { SQLITE_DB_PATH: file })).target).toBe(join(cwd, 'flag.db'))
    expect((await started(['--driver', 'memory'], {})).tier).toBe('memory')
  })

  onPostgres('is Postgres, whose password is in none of its lines', async () => {
    const { url, drop } = await createTestDatabase()
    const { password } = new URL(url)
    await using served = await serve([], { cwd, env: { DATABASE_URL: url } })
    expect(served.serving).toMatchObject({ tier: 'postgres' })
    expect((await served.call('/stores/workspaces/create', [{ title: 'W' }])).status).toBe(200)
    served.child.kill('SIGTERM')
    const { stderr, code } = await served.child.ended
    expect(code).toBe(0)
    expect(JSON.stringify(served.serving) + stderr).not.toContain(password)
    await drop()
  })

  onPostgres('is Postgres by a password apart from the URL, as in docker-compose.yml', async () => {
    const { url, drop } = await createTestDatabase()
    const apart = new URL(url)
    apart.password = ''
    const PGPASSWORD = decodeURIComponent(new URL(url).password)
    await using served = await serve([], { cwd, env: { DATABASE_URL: apart.href, PGPASSWORD } })
    expect((await served.call('/stores/workspaces')).status).toBe(200)
    served.child.kill('SIGTERM')
    expect((await served.child.ended).stderr).not.toContain(PGPASSWORD)
    await drop()
  })
})

describe('a token that is given', () => {
  it('is not said again, and works', async () => {
    const TERRACE_TOKEN = 'a-secret-of-the-shell'
    await using served = await serve(['--driver', 'memory'], { cwd, env: { TERRACE_TOKEN } })
    expect(served.serving.token).toBeNull()
    expect((await served.call('/stores/workspaces')).status).toBe(200)
    served.child.kill('SIGTERM')
    expect((await served.child.ended).stderr).not.toContain(TERRACE_TOKEN)
  })

  it('is refused if it could be guessed, or would be cut short', async () => {
    for (const TERRACE_TOKEN of ['geheim', 'geheim with a space']) {
      const { code, stderr, stdout } = await terrace(['serve'], { cwd, env: { TERRACE_TOKEN } })
      expect(code).toBe(2)
      expect(stderr).toContain('TERRACE_TOKEN')
      expect(stderr + stdout).not.toContain(TERRACE_TOKEN)
    }
  })
})

describe('the end', () => {
  it('by a signal comes after what is under way, and ends streams and sockets', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const file = join(cwd, `${signal}.db`)
      await using served = await serve(['--path', file], { cwd })
      const { url, token } = served.serving
      const { body } = await served.call('/stores/workspaces/create', [{ title: 'W' }])
      const { id } = body as { id: string }
      const events = await fetch(`${url}/events?workspaceId=${id}&token=${token}`)
      const ended = events.text().catch(() => 'cut')
      const writes = Array.from({ length: 20 }, (_, i) =>
        served.call('/stores/workspaces/create', [{ title: `${i}` }]),
      )
      // All of them have arrived when the first is answered, or are refused.
      await writes[0]
      served.child.kill(signal)
      const answers = await Promise.allSettled(writes)
      expect(await served.child.ended).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`terrace stops: ${signal}`),
      })
      await ended
      const kept = answers.filter((each) => each.status === 'fulfilled' && each.value.status === 200).length
      // What has closed its database has left nothing beside it.
      expect(existsSync(`${file}-wal`)).toBe(false)
      await using system = await createSystem({ path: file, env: {} })
      expect(await system.workspaces.count()).toBeGreaterThanOrEqual(1 + kept)
    }
  })

  it('by a second signal comes at once, whatever is under way', async () => {
    await using served = await serve(['--driver', 'memory'], { cwd })
    // A request that is never finished is waited for, though not for ever.
    const half = connect(served.serving.port, '127.0.0.1')
    half
      .on('error', () => {})
      .write('POST /stores/workspaces/create HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n')
    await once(half, 'connect')
    await new Promise((resolve) => setTimeout(resolve, 200))
    served.child.kill('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(isAlive(served.child.pid)).toBe(true)
    served.child.kill('SIGINT')
    expect(await served.child.ended).toMatchObject({ code: null, signal: 'SIGINT' })
    half.destroy()
  })

  it('comes with stdin’s, if that is asked for', async () => {
    await using served = await serve(['--driver', 'memory', '--stop-with-stdin'], { cwd })
    served.child.hangUp()
    expect(await served.child.ended).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('stdin has ended'),
    })
    await using stays = await serve(['--driver', 'memory'], { cwd })
    stays.child.hangUp()
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect((await call(stays.serving, undefined, '/health/db')).status).toBe(200)
  })

  it('comes with the parent’s, however that ends, and whatever becomes of the pipes', async () => {
    const file = join(cwd, 'orphan.db')
    const args = [fileURLToPath(MAIN), 'serve', '--path', file, '--parent-pid']
    // A parent that starts it, passes on its first line and does nothing else.
    await using parent = startChild(
      `import { spawn } from 'node:child_process'
      const args = [...${JSON.stringify(args)}, String(process.pid)]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      child.stdout.once('data', (line) => console.log(String(line).trim()))
      setInterval(() => {}, 1000)`,
      { cwd, env: bare() },
    )
    const serving = JSON.parse(await parent.line())
    expect((await call(serving, undefined, '/health/db')).status).toBe(200)
    parent.kill('SIGKILL')
    await expect.poll(() => isAlive(serving.pid)).toBe(false)
    // It could say so to nobody, and still closed its database.
    expect(existsSync(file)).toBe(true)
    expect(existsSync(`${file}-wal`)).toBe(false)
  })

  it.runIf(process.platform !== 'win32')(
    'comes with the parent’s, also while nobody has taken note of that',
    async () => {
      const parent = `
      const args = [${JSON.stringify(fileURLToPath(MAIN))}, 'serve', '--driver', 'memory', '--parent-pid', String(process.pid)]
      const child = require('node:child_process').spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      child.stdout.once('data', (line) => console.log(process.pid + ' ' + line))
      setInterval(() => {}, 1000)`
      // Whoever has become `sleep` does not ask after children: a dead one stays in the list of processes.
      const grandparent = spawn(
        'sh',
        ['-c', `"$0" -e "$1" & exec sleep 600 >/dev/null`, process.execPath, parent],
        {
          cwd,
          env: { ...process.env, ...bare() },
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      )
      try {
        const [line] = await once(createInterface({ input: grandparent.stdout }), 'line')
        const [pid, json] = String(line).split(/ (.*)/s)
        process.kill(Number(pid), 'SIGKILL')
        await expect.poll(() => isAlive(JSON.parse(json!).pid)).toBe(false)
        expect(isAlive(Number(pid))).toBe(true)
      } finally {
        grandparent.kill('SIGKILL')
      }
    },
  )

  it('comes at once for the child of a process that is gone already', async () => {
    await using gone = startChild('')
    const { pid } = gone
    await gone.ended
    const { code, stderr } = await terrace(['serve', '--parent-pid', `${pid}`], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(`there is no process ${pid}`)
  })
})

describe('what it is told', () => {
  it('a port that is taken, or none at all, is said', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const on = (value: string) => terrace(['serve', '--driver', 'memory', '--port', value], { cwd })
    expect(await on(`${port}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('something else listens there'),
    })
    for (const value of ['70000', 'http', '-1', '']) expect((await on(value)).code).toBe(2)
    taken.close()
    expect((await terrace(['serve', '--origin', 'not an origin', '--driver', 'memory'], { cwd })).code).toBe(
      2,
    )
  })

  it('other machines are let in only when that is asked for, and then it is said', async () => {
    await using served = await serve(['--driver', 'memory', '--host', '0.0.0.0'], { cwd })
    expect(served.serving.url).toBe(`http://127.0.0.1:${served.serving.port}`)
    served.child.kill('SIGTERM')
    expect((await served.child.ended).stderr).toContain('without TLS')
  })
})

describe('two processes on one file', () => {
  it('see what the other wrote, and lose nothing', async () => {
    const file = join(cwd, 'shared.db')
    // Both at once: one of them makes and migrates it.
    const [a, b] = await Promise.all([serve(['--path', file], { cwd }), serve(['--path', file], { cwd })])
    const writes = [a, b].flatMap((each, which) =>
      Array.from({ length: 50 }, (_, i) =>
        each!.call('/stores/workspaces/create', [{ title: `${which} ${i}` }]),
      ),
    )
    const statuses = (await Promise.all(writes)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    for (const each of [a, b]) {
      expect((await each!.call('/stores/workspaces/count', [{}])).body).toBe(100)
      await each![Symbol.asyncDispose]()
    }
  })
})

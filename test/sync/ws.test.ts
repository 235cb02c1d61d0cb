/** The package `ws` is optional: without it there is HTTP, and one line that says what WebSockets need. */

import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runChild } from '../support/child.ts'
import { tempDir } from '../support/temp.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const PROGRAM = `
  import { createServer, request } from 'node:http'
  import { createSyncServer } from './src/sync/index.ts'
  const { promise: failed, resolve } = Promise.withResolvers()
  const sync = createSyncServer({ authorize: () => null, onError: resolve })
  const server = createServer()
  server.on('upgrade', sync.upgrade)
  server.listen(0, '127.0.0.1', () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket' }
    request({ port: server.address().port, host: '127.0.0.1', path: '/notes/a', headers }, async (response) => {
      const { name, code, message } = await failed
      const { status } = await sync.fetch(new Request('http://localhost/notes/a/state'))
      console.log(JSON.stringify({ name, code, message, upgrade: response.statusCode, http: status }))
      response.resume()
      server.close()
      await sync.close()
    }).end()
  })`

test('without ws an upgrade is declined, the reason is one line, and HTTP goes on', async () => {
  await using folder = await tempDir()
  const modules = join(folder.path, 'node_modules')
  await mkdir(modules)
  await symlink(join(root, 'src'), join(folder.path, 'src'))
  for (const name of ['uuid', 'yjs', 'lib0', 'y-protocols']) {
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  const { lines, stderr } = await runChild(PROGRAM, {
    cwd: folder.path,
    // Else Node would look for packages where the links lead.
    execArgv: ['--preserve-symlinks', '--preserve-symlinks-main'],
  })
  expect(stderr).toBe('')
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      name: 'ConfigError',
      code: 'CONFIG',
      message: 'a WebSocket server needs the package ws: run `npm install ws`',
      upgrade: 501,
      http: 403,
    },
  ])
})

/**
 * A page on which people and an agent write one note at once: `node examples/editor/editor.ts`, then open the
 * address it prints in two windows. The database is the one that the environment names, or memory.
 */

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { createSyncServer } from '../../src/sync/index.ts'
import { createSystem, type System } from '../../src/system.ts'

export interface Editor extends AsyncDisposable {
  readonly url: string
  /** Writes a text at the end, a word at a time, and shows where. */
  agentWrites(text: string): Promise<void>
}

const AGENT = { name: 'Planner', color: '#8b5cf6', isAgent: true }

export async function startEditor(system: System, noteId: string, port = 0): Promise<Editor> {
  const sync = createSyncServer({
    notes: system.notes,
    // Whoever opens the page is who it says, for this is an example.
    authorize: ({ token }) => ({ write: true, actor: token ?? null }),
  })
  const [page, script] = await Promise.all([readFile(new URL('page.html', import.meta.url)), bundle()])
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/agent' && request.method === 'POST') {
      editor.agentWrites('\n- The agent was asked, and adds this line.').catch(console.error)
      response.writeHead(202).end()
    } else if (pathname === '/editor.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    } else if (pathname === '/note') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ noteId }))
    } else if (pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
    } else {
      response.writeHead(404).end()
    }
  })
  server.on('upgrade', (request, socket, head) => {
    if (!sync.upgrade(request, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))

  const doc = await system.notes.open(noteId)
  const awareness = new Awareness(new Y.Doc())
  async function show(isHere: boolean): Promise<void> {
    const text = doc.getText('content')
    const end = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, text.length, -1))
    awareness.setLocalState({ user: AGENT, cursor: { anchor: end, head: end } })
    const update = encodeAwarenessUpdate(awareness, [awareness.clientID])
    await system.notes.presence.tell(noteId, 'the agent', isHere ? update : null, 30_000)
  }

  const editor: Editor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async agentWrites(text) {
      for (const word of text.match(/\s*\S+/g) ?? []) {
        await system.notes.append(noteId, word, { actor: AGENT.name })
        await show(true)
      }
    },
    async [Symbol.asyncDispose]() {
      await show(false)
      awareness.doc.destroy()
      await sync.close()
      await system.notes.close(noteId)
      const stopped = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await stopped
    },
  }
  return editor
}

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [new URL('browser.js', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    minify: true,
    write: false,
  })
  return outputFiles[0]!.contents
}

if (import.meta.main) {
  const system = await createSystem()
  const workspace = await system.workspaces.create({ title: 'Editor' })
  const note = await system.notes.ensureSpec(workspace.id, {
    title: 'Release plan',
    text: '# Release plan\n',
  })
  const editor = await startEditor(system, note.id, Number(process.env.PORT ?? 3000))
  console.log(`Open ${editor.url}?name=Ada and ${editor.url}?name=Grace`)
}

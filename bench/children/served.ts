/**
 * A server of notes, in a process of its own: `node served.ts <path of a SQLite file>`. Prints its port, and then, for each
 * line that it is told, the most memory it had, in bytes.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { createHandler, nodeListener } from '../../src/server/index.ts'
import { createSystem } from '../../src/system.ts'

const system = await createSystem({ driver: 'sqlite', path: process.argv[2]!, env: {} })
const handler = createHandler({
  system,
  // Whoever says a name.
  authorize: ({ request }) => {
    const actor = request.headers.get('authorization')
    return actor === null ? null : { everything: true, write: true, actor }
  },
})
const server = createServer(nodeListener(handler))
server.on('upgrade', (request, socket, head) => {
  if (!handler.upgrade(request, socket, head)) socket.destroy()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
console.log((server.address() as AddressInfo).port)
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(process.resourceUsage().maxRSS * 1024)
}
process.exit()

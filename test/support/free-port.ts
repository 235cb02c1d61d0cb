/** A port of loopback that nobody listens on. */

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections: a client that retries while the server restarts
 * could otherwise be given the server's port and, on loopback, connect to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = randomInt(20_000, 32_000)
    const probe = createServer()
    try {
      await once(probe.listen(port, '127.0.0.1'), 'listening')
      return port
    } catch {
      // Taken; try another.
    } finally {
      probe.close()
    }
  }
  throw new Error('no free port found on 127.0.0.1')
}

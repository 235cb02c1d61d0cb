/**
 * A process of its own beside each test server: `node postgres-reaper.ts <data directory>`. Its standard input
 * ends when the process that started the server stops it or dies, be it of SIGINT or of SIGKILL; then it ends
 * whatever still runs on that directory and removes it.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const [dataDir] = process.argv.slice(2)
if (dataDir === undefined) throw new Error('usage: node postgres-reaper.ts <data directory>')

for await (const _ of process.stdin);

const deadline = Date.now() + 10_000
while ((await signalServer(dataDir)) && Date.now() < deadline) await setTimeout(20)
await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })

/** Asks for an immediate shutdown; nothing of the data is needed any more. False if nothing is running. */
async function signalServer(directory: string): Promise<boolean> {
  try {
    const pid = Number.parseInt(await readFile(join(directory, 'postmaster.pid'), 'utf8'), 10)
    // initdb's single-user server writes its pid as a negative number, which would name a process group.
    process.kill(Math.abs(pid), 'SIGQUIT')
    return true
  } catch {
    return false
  }
}

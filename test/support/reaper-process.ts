/**
 * A process of its own beside each test server: `node reaper-process.ts <directory> <pid file in it>`. Its standard
 * input ends when the process that started the server stops it or dies, be it of SIGINT or of SIGKILL; then it ends
 * whatever the pid file names and removes the directory.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const [directory, pidFile] = process.argv.slice(2)
if (directory === undefined || pidFile === undefined) {
  throw new Error('usage: node reaper-process.ts <directory> <pid file>')
}

for await (const _ of process.stdin);

const deadline = Date.now() + 10_000
while ((await signalServer(join(directory, pidFile))) && Date.now() < deadline) await setTimeout(20)
await rm(directory, { recursive: true, force: true, maxRetries: 10 })

/** Asks for an immediate shutdown; nothing of the data is needed any more. False if nothing is running. */
async function signalServer(path: string): Promise<boolean> {
  try {
    const pid = Number.parseInt(await readFile(path, 'utf8'), 10)
    // initdb's single-user server writes its pid as a negative number, which would name a process group.
    process.kill(Math.abs(pid), 'SIGQUIT')
    return true
  } catch {
    return false
  }
}

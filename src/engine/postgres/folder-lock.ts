/** A lock on a folder by a file beside it that names the process that has it. A dead process has nothing. */

import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { ConfigError } from '../../errors.ts'

/** A take-over takes moments; one this old was itself cut short. */
const STALE_TAKEOVER = 10_000

export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lock = `${folder}.lock`
  const draft = `${lock}.${process.pid}.${Math.random().toString(36).slice(2)}`
  // Linked into place, so that the file is never there without its content.
  await writeFile(draft, `${process.pid} ${await startOf(process.pid)}`)
  try {
    for (let attempts = 0; attempts < 100; attempts++) {
      if (await succeeds(link(draft, lock))) return () => rm(lock, { force: true })
      const owner = await readFile(lock, 'utf8').catch(() => undefined)
      if (owner === undefined) continue
      if (await isAlive(owner)) {
        throw new ConfigError(
          `${folder} is in use by process ${pidOf(owner)}: PGlite serves one process at a time. Close that one, or use Postgres or SQLite for several` +
            ` (if no such process uses it, delete ${lock})`,
        )
      }
      await takeOver(lock, owner)
    }
    throw new ConfigError(`${folder} could not be locked: other processes keep taking it`)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Removes a dead process's lock; only one process at a time may, or it might remove a living one's. */
async function takeOver(lock: string, dead: string): Promise<void> {
  const guard = `${lock}.takeover`
  if (!(await succeeds(mkdir(guard)))) {
    const age = Date.now() - ((await stat(guard).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (age > STALE_TAKEOVER) await rm(guard, { recursive: true, force: true })
    await new Promise((resolve) => setTimeout(resolve, 20))
    return
  }
  try {
    if ((await readFile(lock, 'utf8').catch(() => undefined)) === dead) await rm(lock, { force: true })
  } finally {
    await rm(guard, { recursive: true, force: true })
  }
}

const pidOf = (owner: string) => Number.parseInt(owner, 10)

async function isAlive(owner: string): Promise<boolean> {
  const pid = pidOf(owner)
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: somebody else's, but alive.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const started = owner.split(' ')[1]
  return !started || started === (await startOf(pid))
}

/**
 * When a process began, where the system tells. A number alone may be given again: in a container, the same
 * program has the same number after each restart.
 */
async function startOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // After the name, which is in parentheses and may have spaces: the state, and 19 further on the moment.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '')
}

async function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

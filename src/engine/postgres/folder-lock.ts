/** A lock on a folder by a file beside it that names the process that has it. A dead process has nothing. */

import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { ConfigError } from '../../errors.ts'

/** A take-over takes moments; one this old was itself cut short. */
const STALE_TAKEOVER = 10_000

export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lock = `${folder}.lock`
  const draft = `${lock}.${process.pid}.${Math.random().toString(36).slice(2)}`
  // Linked into place, so that the file is never there without its content.
  await writeFile(draft, String(process.pid))
  try {
    for (let attempts = 0; attempts < 100; attempts++) {
      if (await succeeds(link(draft, lock))) return () => rm(lock, { force: true })
      const owner = Number(await readFile(lock, 'utf8').catch(() => 'NaN'))
      if (Number.isNaN(owner)) continue
      if (isAlive(owner)) {
        throw new ConfigError(
          `${folder} is in use by process ${owner}: PGlite serves one process at a time. Close that one, or use Postgres or SQLite for several` +
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
async function takeOver(lock: string, dead: number): Promise<void> {
  const guard = `${lock}.takeover`
  if (!(await succeeds(mkdir(guard)))) {
    const age = Date.now() - ((await stat(guard).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (age > STALE_TAKEOVER) await rm(guard, { recursive: true, force: true })
    await new Promise((resolve) => setTimeout(resolve, 20))
    return
  }
  try {
    if (Number(await readFile(lock, 'utf8').catch(() => 'NaN')) === dead) await rm(lock, { force: true })
  } finally {
    await rm(guard, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: somebody else's, but alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
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

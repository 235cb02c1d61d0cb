/** Folders that take long to make: made once, and kept for later runs until the packages are installed anew. */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Within the project, so that programs in there find their packages. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/terrace-folders', import.meta.url))

/** What is in it has to follow from its name. `fill` is given an empty folder. */
export async function cachedFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  // All of it or nothing: others may be making or using the same.
  const draft = await mkdtemp(`${folder}-`)
  try {
    await fill(draft)
    await rename(draft, folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // Somebody else was faster.
    if (!existsSync(folder)) throw error
  }
  return folder
}

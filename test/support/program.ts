/**
 * Programs of ours that are started again and again, each made one file with all that it imports of ours: most of
 * what a short process does is to find, strip and open a hundred small ones.
 */

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

/** Within the project, so that drivers are found. What is compiled of it stays compiled, see `child.ts`. */
const folder = fileURLToPath(new URL('../../node_modules/.cache/terrace-programs', import.meta.url))
const compactor = fileURLToPath(new URL('../../src/notes/worker.ts', import.meta.url))

/** What `startChild` takes. The same program is the same file. */
export async function bundleProgram(program: URL): Promise<URL> {
  const bundle = await rolldown({
    input: { program: fileURLToPath(program), worker: compactor },
    // Drivers are loaded when they are needed, and some are not JavaScript alone. Yjs is part of nearly every program.
    external: (id) => /^[^./]/.test(id) && !/^(yjs|lib0)/.test(id),
    platform: 'node',
  })
  const { output } = await bundle.generate({ format: 'esm', chunkFileNames: '[name]-[hash].js' })
  await bundle.close()

  const files = output.map(
    (file) => [file.fileName, file.type === 'chunk' ? file.code : file.source] as const,
  )
  const name = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  await mkdir(folder, { recursive: true })
  // All of it or nothing: others may be making or running the same.
  const draft = await mkdtemp(join(folder, 'draft-'))
  for (const [fileName, content] of files) await writeFile(join(draft, fileName), content)
  await rename(draft, join(folder, name)).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true })
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  return pathToFileURL(join(folder, name, 'program.js'))
}

/**
 * Programs of ours that are started again and again, each made one file with all that it imports of ours: most of
 * what a short process does is to find, strip and compile a hundred small ones.
 */

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { markedForBundlers } from '../../scripts/bundle.ts'
import { cachedFolder } from './cached-folder.ts'

/** What compacts notes runs in a file of its own, beside the one that starts it. */
const worker = fileURLToPath(new URL('../../src/notes/worker.ts', import.meta.url))

/** Answers what `startChild` takes. */
export async function bundleProgram(program: URL): Promise<URL> {
  const bundle = await rolldown({
    input: { program: fileURLToPath(program), worker },
    // Drivers are not for bundling, and loaded when they are needed. Of Yjs there would be thirty files.
    external: (id) => /^[^./]/.test(id) && !/^(yjs|lib0)/.test(id),
    platform: 'node',
    plugins: [markedForBundlers()],
  })
  const { output } = await bundle.generate({ format: 'esm', chunkFileNames: '[name]-[hash].js' })
  await bundle.close()
  const files = output.map(
    (file) => [file.fileName, file.type === 'chunk' ? file.code : file.source] as const,
  )
  // By its content: what Node has compiled of it, see `child.ts`, is good for later runs as well.
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const folder = await cachedFolder(`program-${hash}`, async (draft) => {
    for (const [name, content] of files) await writeFile(join(draft, name), content)
  })
  return pathToFileURL(join(folder, 'program.js'))
}

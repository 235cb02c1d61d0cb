/** Makes a few files of many: Node takes longer to find and open seventy small ones than to run what is in them. */

import { rolldown } from 'rolldown'

export interface BundleOptions {
  /** Files of `src`, by what each becomes in the folder, without an extension. */
  readonly input: Readonly<Record<string, string>>
  /** What is left to be found where it runs. */
  readonly external: RegExp
}

export async function bundleInto(folder: string, { input, external }: BundleOptions): Promise<void> {
  const bundle = await rolldown({
    // The worker is a file of its own, beside the chunk that starts it.
    input: { ...input, 'chunks/worker': 'src/notes/worker.ts' },
    external,
    platform: 'node',
  })
  await bundle.write({ dir: folder, format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js' })
  await bundle.close()
}

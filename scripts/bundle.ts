/** Makes a few files of many: Node takes longer to find and open seventy small ones than to run what is in them. */

import { type Plugin, rolldown } from 'rolldown'

export interface BundleOptions {
  /** Files of `src`, by what each becomes in the folder, without an extension. */
  readonly input: Readonly<Record<string, string>>
  /** What is left to be found where it runs. */
  readonly external: RegExp
}

export async function bundleInto(folder: string, { input, external }: BundleOptions): Promise<void> {
  let workers = 0
  const bundle = await rolldown({
    input: { ...input, 'chunks/worker': 'src/notes/worker.ts' },
    external,
    platform: 'node',
    plugins: [markedForBundlers(() => workers++)],
  })
  await bundle.write({ dir: folder, format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js' })
  await bundle.close()
  if (workers !== 1) throw new Error(`the worker is started in ${workers} places, and not in one`)
}

/**
 * For the bundlers of apps. Webpack leaves these to Node, because an absent package, of the optional ones, would fail
 * its build. Turbopack, which obeys both words, need not: it can do without what is absent, and takes along what is
 * there.
 */
const LEFT = '/* webpackIgnore: true */ /* turbopackIgnore: false */'

/** With the worker of notes by the name that it has once it is bundled; `sawWorker` hears of each place that starts it. */
export function markedForBundlers(sawWorker = () => {}): Plugin {
  return {
    name: 'marked-for-bundlers',
    renderChunk(code) {
      return code
        .replaceAll(/\bimport\((?="(?![./]|node:))/g, `import(${LEFT} /* turbopackOptional: true */ `)
        .replaceAll('new Worker(new URL("./worker.ts", import.meta.url)', () => {
          sawWorker()
          return `new Worker(${LEFT} new URL(${LEFT} "./worker.js", import.meta.url)`
        })
    },
  }
}

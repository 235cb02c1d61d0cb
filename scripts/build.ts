/**
 * Builds the package into an empty `dist`, or into the folder that is named: what a renamed file left behind must
 * not be published. Types are a file for each of ours; the code is a few files.
 */

import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import manifest from '../package.json' with { type: 'json' }
import { bundleInto } from './bundle.ts'

const [folder = 'dist'] = process.argv.slice(2)
rmSync(folder, { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', folder], { stdio: 'inherit' })
// Packages are the user's: drivers are loaded when they are needed, and there is one instance of each.
await bundleInto(folder, { input: entries(), external: /^[^./]/ })

/** The files that `exports` and `bin` name, by where they come from. */
function entries(): Record<string, string> {
  const exported = Object.values(manifest.exports).filter((entry) => typeof entry === 'object')
  const files = [
    ...exported.flatMap(({ types: _, ...code }) => Object.values(code)),
    ...Object.values(manifest.bin),
  ]
  return Object.fromEntries(
    files.map((file) => {
      const name = file.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '')
      return [name, `src/${name}.ts`]
    }),
  )
}

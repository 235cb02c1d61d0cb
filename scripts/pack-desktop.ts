/**
 * `npm run pack:desktop -- <folder>`: one folder with all that a desktop shell starts: Node, the program with its
 * dependencies, and SQLite's addon for this machine. It needs nothing installed, and is started by
 *
 *     <folder>/node <folder>/dist/cli/main.js serve --identifier com.example.agents --parent-pid <pid>
 */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { bundleInto } from './bundle.ts'

const ADDON = 'better-sqlite3'
/** What is not taken along: other drivers, drizzle, and what `ws` can do without. */
const LEFT = [
  'pg',
  '@neondatabase/serverless',
  '@electric-sql/pglite',
  'drizzle-orm',
  'bufferutil',
  'utf-8-validate',
]

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Usage: npm run pack:desktop -- <folder>')
  process.exit(2)
}
if (existsSync(folder) && !existsSync(join(folder, 'dist/cli/main.js')) && readdirSync(folder).length > 0) {
  console.error(`${folder} is not empty, and not one that was packed before; name another.`)
  process.exit(2)
}
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

packNode(folder)
packAddon(join(folder, 'node_modules', ADDON))
await packProgram(folder)
console.log(folder)

/** The binary of the npm package `node`, which is the same on every machine that packs. */
function packNode(folder: string): void {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const binary = join('node_modules/node/bin', name)
  if (!existsSync(binary)) throw new Error(`${binary} is not there: run npm ci`)
  cpSync(binary, join(folder, name))
  chmodSync(join(folder, name), 0o755)
}

/** What is loaded of it here, and none of the sources and of the other machines' addons. */
function packAddon(to: string): void {
  const from = dirname(createRequire(import.meta.url).resolve(`${ADDON}/package.json`))
  const addon = `prebuilds/${process.platform}-${process.arch}.node`
  if (!existsSync(join(from, addon))) throw new Error(`${ADDON} has no ${addon}`)
  for (const name of ['package.json', 'LICENSE', 'lib', addon]) {
    cpSync(join(from, name), join(to, name), { recursive: true })
  }
}

async function packProgram(folder: string): Promise<void> {
  const left = [ADDON, ...LEFT].map((name) => `${name}(/|$)`).join('|')
  await bundleInto(join(folder, 'dist'), {
    input: { 'cli/main': 'src/cli/main.ts' },
    external: new RegExp(`^(node:|${left})`),
  })
  const { name, version, type, license, engines } = manifest
  // Those that are still to be found, or found to be missing.
  const peers = Object.entries(manifest.peerDependencies).filter(([peer]) => [ADDON, ...LEFT].includes(peer))
  const peerDependencies = Object.fromEntries(peers)
  const own = { name, version, private: true, type, license, engines, peerDependencies }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(own, null, 2)}\n`)
  cpSync('LICENSE', join(folder, 'LICENSE'))
  const main = readFileSync(join(folder, 'dist/cli/main.js'), 'utf8')
  if (!main.startsWith('#!')) throw new Error('the program has lost its first line')
}

/** A fresh Next.js app, as `create-next-app` makes it, with routes that show what Terrace does in it. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import lock from '../../package-lock.json' with { type: 'json' }

export interface AppOptions {
  /** Where its routes are. */
  readonly routes: 'app' | 'src/app'
  /** `next.config`, by its name. */
  readonly config: readonly [name: string, content: string]
}

/** Installs the packed tarball into it, and nothing of what is optional. */
export function installApp(folder: string, tarball: string): void {
  const manifest = {
    name: 'fresh',
    private: true,
    scripts: { dev: 'next dev', build: 'next build', start: 'next start' },
    dependencies: { terrace: `file:${tarball}`, ...locked('next', 'react', 'react-dom') },
    devDependencies: locked('typescript', '@types/node', '@types/react', '@types/react-dom'),
  }
  write(folder, 'package.json', `${JSON.stringify(manifest, null, 2)}\n`)
  npmInstall(folder)
}

export function npmInstall(folder: string, ...names: readonly string[]): void {
  const versions = Object.entries(locked(...names)).map(([name, version]) => `${name}@${version}`)
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  execFileSync('npm', ['install', ...quiet, ...versions], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** The same app in another folder; what is installed is linked, which costs nothing. */
export function copyApp(from: string, to: string): void {
  execFileSync('cp', ['-Rl', from, to])
}

/** In the versions that Terrace itself is tested with. */
function locked(...names: readonly string[]): Record<string, string> {
  // The cast: what npm writes.
  const packages = lock.packages as Record<string, { readonly version?: string }>
  return Object.fromEntries(
    names.map((name) => {
      const version = packages[`node_modules/${name}`]?.version
      if (version === undefined) throw new Error(`package-lock.json has no ${name}`)
      return [name, version]
    }),
  )
}

export function writeApp(folder: string, { routes, config: [name, content] }: AppOptions): void {
  write(folder, name, content)
  write(folder, 'tsconfig.json', TSCONFIG)
  for (const [file, text] of Object.entries(FILES)) write(folder, join(routes, file), text)
}

/** The three lines of docs/server.md, as they stand there. */
export function writeThreeLines(folder: string): void {
  const [route] = filesOf('docs/server.md')
  if (route === undefined) throw new Error('docs/server.md does not show the route')
  write(folder, ...route)
}

/** The files that docs/vercel.md shows, as they stand there. */
export function writeVercelFiles(folder: string): void {
  const files = filesOf('docs/vercel.md')
  if (files.length < 5) throw new Error('docs/vercel.md does not show its files')
  for (const file of files) write(folder, ...file)
}

/** What a page shows below the path of a file. */
function filesOf(page: string): readonly (readonly [path: string, content: string])[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/^`([\w./[\]-]+)`:\n\n```\w+\n([\s\S]*?)^```/gm)
  return [...blocks].map(([, path, content]) => [path!, content!])
}

export function write(folder: string, name: string, content: string): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "ES2022",
    "lib": ["dom", "dom.iterable", "esnext"],
    "allowJs": true,
    "skipLibCheck": true,
    "strict": true,
    "noEmit": true,
    "esModuleInterop": true,
    "module": "esnext",
    "moduleResolution": "bundler",
    "resolveJsonModule": true,
    "isolatedModules": true,
    "jsx": "react-jsx",
    "incremental": true,
    "plugins": [{ "name": "next" }],
    "paths": { "@/*": ["./*"] }
  },
  "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts", ".next/dev/types/**/*.ts"],
  "exclude": ["node_modules"]
}
`

/** Edited to be reloaded; what it answers besides is whether two routes have the same of everything. */
export const secondRoute = (edition: number) => `import { getSystem } from 'terrace'
import * as Y from 'yjs'

const edition = ${edition}

export async function GET() {
  const system = getSystem()
  const { items } = await system.tasks.list()
  const notes = await system.notes.list()
  const docs = await Promise.all(notes.items.map(({ id }) => system.notes.open(id)))
  const yours = docs.every((doc) => doc instanceof Y.Doc)
  await Promise.all(notes.items.map(({ id }) => system.notes.close(id)))
  // What getSystem() keeps.
  const systems = (globalThis as { [key: symbol]: unknown })[Symbol.for('terrace.systems')] as Map<string, object>
  return Response.json({ edition, titles: items.map(({ title }) => title), yours, systems: systems.size })
}
`

const FILES: Readonly<Record<string, string>> = {
  'layout.tsx': `export default function RootLayout({ children }: { children: React.ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
`,
  'page.tsx': `export default function Home() {
  return <p>Fresh</p>
}
`,
  // A page with a server action, over the System that the routes use.
  'tasks/page.tsx': `import { connection } from 'next/server'
import { getSystem } from 'terrace'

const system = getSystem()

async function add(form: FormData) {
  'use server'
  await system.tasks.create({ workspaceId: 'w', title: String(form.get('title')) })
}

export default async function Tasks() {
  await connection()
  const { items } = await system.tasks.list()
  return (
    <form action={add}>
      <input name="title" />
      <ul>
        {items.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
    </form>
  )
}
`,
  // In production nobody gets in without it.
  'api/open/[...path]/route.ts': `import { createRoutes } from 'terrace/next'

export const { GET, POST } = createRoutes({ authorize: () => ({ everything: true, write: true }) })
`,
  'api/second/route.ts': secondRoute(0),
  'api/edge/[...path]/route.ts': `import { createRoutes } from 'terrace/next'

export const runtime = 'edge'

export const { GET } = createRoutes()
`,
}

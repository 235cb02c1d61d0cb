/**
 * `terrace init`: puts Terrace into a Next.js app. What is there already is never changed, and a second run finds
 * nothing to do.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Io } from './io.ts'
import { catchAllIn, configWithout, findNextApp, type NextApp, versionOf, WITH_TERRACE } from './next-app.ts'
import type { Output } from './output.ts'

export interface InitFlags {
  readonly json?: true
  readonly dryRun?: true
}

export interface Step {
  /** Below the app's folder. */
  readonly file: string
  readonly does: 'make' | 'add' | 'keep'
  readonly says: string
  /** The whole file, as it is to be. */
  readonly content?: string
}

export async function initCommand(flags: InitFlags, io: Io, output: Output): Promise<ExitCode> {
  const app = findNextApp(io.cwd)
  const steps = [routeStep(app), environmentStep(app)]
  const hints = hintsFor(app)
  const dryRun = flags.dryRun ?? false
  if (!dryRun) for (const step of steps) carryOut(app, step)
  const done = steps.map(({ file, does, says }) => ({ file, does, says }))
  output.answer({ dryRun, folder: app.folder, steps: done, hints }, (paint) =>
    [
      ...done.map(({ file, does, says }) => `${paint(COLOURS[does], WORDS[does])} ${file}: ${says}`),
      ...(dryRun ? ['', 'Nothing was written: --dry-run.'] : []),
      '',
      'Next:',
      ...hints.map(({ line, why }) => `  ${paint('bold', line)}\n      ${why}`),
    ].join('\n'),
  )
  return EXIT.ok
}

const WORDS = { make: 'made ', add: 'added', keep: 'kept ' }
const COLOURS = { make: 'green', add: 'green', keep: 'dim' } as const

const ROUTE = `import { createRoutes } from 'terrace/next'

export const { GET, HEAD, POST, OPTIONS } = createRoutes()
`

function routeStep({ folder, routes, extension }: NextApp): Step {
  const below = `${routes}/api/terrace`
  const found = catchAllIn(join(folder, below))
  if (found !== undefined)
    return { file: `${below}/${found}`, does: 'keep', says: 'the route is there already' }
  const file = `${below}/[...path]/route.${extension}`
  return { file, does: 'make', says: 'answers everything beneath /api/terrace', content: ROUTE }
}

/** By the variable that they are about. */
const VARIABLES: Readonly<Record<string, string>> = {
  TERRACE_DB_DRIVER: `# Terrace keeps everything in memory unless one of these is set; \`npx terrace doctor\` says which it is.
# TERRACE_DB_DRIVER=sqlite
`,
  DATABASE_URL: `# DATABASE_URL=postgres://user:password@host:5432/database
`,
  CRON_SECRET: `# For /api/terrace/cron, which a scheduler calls where no process stays.
# CRON_SECRET=
`,
}

/** What an example says of one of them already is somebody's own. */
function environmentStep({ folder }: NextApp): Step {
  const file = '.env.example'
  const path = join(folder, file)
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined
  const missing = Object.entries(VARIABLES).filter(
    ([name]) => !new RegExp(`^[\\s#]*${name}\\s*=`, 'm').test(before ?? ''),
  )
  const names = missing.map(([name]) => name).join(', ')
  const added = missing.map(([, lines]) => lines).join('')
  if (before === undefined) return { file, does: 'make', says: names, content: added }
  if (missing.length === 0) return { file, does: 'keep', says: 'it has all of them already' }
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  return { file, does: 'add', says: names, content: before + gap + added }
}

function carryOut({ folder }: NextApp, { file, does, content }: Step): void {
  if (content === undefined) return
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  // Of a file that has come about meanwhile nothing is lost.
  writeFileSync(path, content, { flag: does === 'make' ? 'wx' : 'w' })
}

export interface Hint {
  readonly line: string
  readonly why: string
}

function hintsFor(app: NextApp): readonly Hint[] {
  const { manifest, routes, extension } = app
  const config = configWithout(app)
  const isThere = (name: string) => versionOf(manifest, name) !== undefined
  const { postbuild, build } = manifest.scripts ?? {}
  const migrates = [postbuild, build].some((script) => script?.includes('terrace migrate'))
  return [
    ...(isThere('terrace')
      ? []
      : [{ line: 'npm install terrace', why: 'the package itself is not in package.json yet' }]),
    { line: 'npm run dev', why: 'http://localhost:3000/api/terrace/health/db answers, from memory' },
    ...(config === undefined
      ? []
      : [{ line: WITH_TERRACE, why: `in ${config}, because webpack loses drivers and the worker of notes` }]),
    ...(isThere('better-sqlite3')
      ? []
      : [
          {
            line: 'npm install better-sqlite3',
            why: 'for TERRACE_DB_DRIVER=sqlite; for Postgres it is pg, for Neon @neondatabase/serverless',
          },
        ]),
    {
      line: `${routes}/api/terrace/[...path]/route.${extension}`,
      why: 'give createRoutes an `authorize` before you deploy: without one, only this machine is answered, and in development',
    },
    ...(migrates
      ? []
      : [
          {
            line:
              postbuild === undefined
                ? 'npm pkg set scripts.postbuild="terrace migrate"'
                : `"postbuild": ${JSON.stringify(`${postbuild} && terrace migrate`)}`,
            why: 'once DATABASE_URL is set where you build: on Vercel and its like the build migrates, and the app only verifies',
          },
        ]),
  ]
}

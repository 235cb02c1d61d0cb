/** The command line: what commands there are, and which flags each takes. Each is loaded when it is called. */

import { Command, CommanderError } from 'commander'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts'
import { addFlags, type Flags, filled } from './flags.ts'
import type { InitFlags } from './init.ts'
import type { Io } from './io.ts'
import { createOutput, type Output } from './output.ts'
import { readManifest } from './version.ts'
import { withoutCredentials } from './words.ts'

type Action<F extends Flags> = (flags: F, io: Io, output: Output) => Promise<ExitCode>

/** `argv` without Node and the program; answers the exit code, and never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: ExitCode = EXIT.ok
  const asJson = argv.includes('--json')
  const program = new Command('terrace')
    .description('One store layer for agent applications: memory, SQLite and Postgres.')
    .version(readManifest().version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // A word that is not understood is repeated, and may be a URL.
      outputError: (text, write) => write(withoutCredentials(text)),
      getOutHasColors: () => io.stdout.isTTY === true && !io.env.NO_COLOR,
      getErrHasColors: () => io.stderr.isTTY === true && !io.env.NO_COLOR,
    })
    .showHelpAfterError('Run it with --help to see what there is.')
    .addHelpText('after', AFTER_HELP)

  function command<F extends Flags>(
    name: string,
    description: string,
    load: () => Promise<Action<F>>,
  ): Command {
    return addFlags(program.command(name).description(description)).action(async (flags: F) => {
      const action = await load()
      code = await action(flags, io, createOutput(io, flags.json ?? false))
    })
  }

  command('health', 'ask the database whether it is there', async () => {
    return (await import('./health.ts')).healthCommand
  })
  command(
    'status',
    'which migrations are applied and pending, and whether the tables are as they should be',
    async () => {
      return (await import('./status.ts')).statusCommand
    },
  )
  command('migrate', 'apply the pending migrations', async () => {
    return (await import('./migrate.ts')).migrateCommand
  })
    .option('--verify', 'change nothing, and say what is pending: the same as status')
    .option('--adopt', 'record tables that are there without a record of migrations')
    .option('--print', 'change nothing, and print the SQL for an empty database, for psql or sqlite3')
  command(
    'doctor',
    'say which database is meant and why, what is wrong, and the line that fixes it',
    async () => {
      return (await import('./doctor/doctor.ts')).doctorCommand
    },
  )
  program
    .command('init')
    .description('put Terrace into the Next.js app of this folder; changes nothing that is there')
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'one line of JSON, for machines')
    .action(async (flags: InitFlags) => {
      const { initCommand } = await import('./init.ts')
      code = await initCommand(flags, io, createOutput(io, flags.json ?? false))
    })
  command('serve', 'serve the stores over HTTP and WebSockets, until told to stop', async () => {
    return (await import('./serve/serve.ts')).serveCommand
  })
    .option('--host <host>', 'the address to listen on (default: 127.0.0.1, this machine alone)', filled)
    .option('--port <port>', 'the port to listen on (default: a free one)', filled)
    .option('--origin <origin...>', "pages of this origin may ask, beside a Tauri shell's own")
    .option('--parent-pid <pid>', 'stop when this process is gone', filled)
    .option('--stop-with-stdin', 'stop when stdin is closed')
    .addHelpText('after', SERVE_HELP)

  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok
      // What was wrong is said already, to people.
      const message = withoutCredentials(error.message.replace(/^error: /, ''))
      if (asJson) io.stdout.write(`${JSON.stringify({ error: { code: 'USAGE', message } })}\n`)
      return EXIT.usage
    }
    createOutput(io, asJson).fail(error)
    return exitCodeOf(error)
  }
}

const SERVE_HELP = `
Who asks has to show the token: \`Authorization: Bearer <token>\`, or \`?token=\` for WebSockets and event streams.
It is made at random and told by the first line on stdout, unless TERRACE_TOKEN is set.`

const AFTER_HELP = `
Exit codes: 0 all is well, 1 it failed, 2 the command line or the configuration makes no sense,
3 migrations are pending or do not fit, 4 the tables differ, 5 the database cannot be reached.`

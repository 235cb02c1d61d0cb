/** `terrace doctor`: which database, why, what is wrong, and the line that puts it right. Changes nothing. */

import { ConfigError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { type Flags, readFlags } from '../flags.ts'
import type { Io } from '../io.ts'
import type { Output } from '../output.ts'
import { withProgress } from '../progress.ts'
import { readManifest } from '../version.ts'
import { plural } from '../words.ts'
import { configurationFindings, misconfigured } from './configuration.ts'
import type { Finding } from './finding.ts'
import { nextFindings } from './next.ts'
import { driverFinding, extraFindings, programFinding } from './packages.ts'
import { placeFindings } from './place.ts'
import { schemaFindings } from './schema.ts'

export async function doctorCommand(flags: Flags, io: Io, output: Output): Promise<ExitCode> {
  const findings = await examine(flags, io)
  const problems = findings.filter(({ state }) => state === 'problem').length
  const warnings = findings.filter(({ state }) => state === 'warning').length
  const data = { status: problems > 0 ? 'problem' : 'ok', problems, warnings, findings }
  output.answer(data, (paint) => {
    const width = Math.max(...findings.map(({ about }) => about.length))
    const lines = findings.flatMap(({ about, state, says, fix }) => [
      `${paint(COLOURS[state], MARKS[state])} ${about.padEnd(width)}  ${says}`,
      ...(fix === undefined ? [] : [`${' '.repeat(9 + width + 2)}${paint('bold', fix)}`]),
    ])
    const sum =
      problems > 0
        ? paint('red', `${plural(problems, 'problem')}. Each is solved by the line beneath it.`)
        : paint('green', warnings > 0 ? `It works, with ${plural(warnings, 'warning')}.` : 'All is well.')
    return [...lines, '', sum].join('\n')
  })
  return problems > 0 ? EXIT.failed : EXIT.ok
}

const MARKS = { ok: 'ok      ', note: '        ', warning: 'warning ', problem: 'problem ' }
const COLOURS = { ok: 'green', note: 'dim', warning: 'yellow', problem: 'red' } as const

async function examine(flags: Flags, io: Io): Promise<readonly Finding[]> {
  const manifest = readManifest()
  const program = programFinding(manifest)
  const meant = attempt(() => readFlags(flags, io))
  if (meant instanceof ConfigError) return [program, misconfigured(meant.message)]
  const { resolved } = meant
  const known = [program, ...configurationFindings(meant)]
  const driver = driverFinding(resolved.driver, manifest)
  const place = await withProgress(io, `looking for ${resolved.target}`, () =>
    placeFindings(resolved, io.env),
  )
  // What is known to be in the way would only be said again.
  const blocked = [driver, ...place].some(({ state }) => state === 'problem')
  const schema = blocked
    ? []
    : await withProgress(io, `opening ${resolved.target}`, () => schemaFindings(resolved, io.env))
  return [...known, driver, ...place, ...schema, ...extraFindings(manifest), ...nextFindings(io.cwd)]
}

function attempt<R>(work: () => R): R | ConfigError {
  try {
    return work()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

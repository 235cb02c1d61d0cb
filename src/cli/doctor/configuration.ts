/** Which database is meant, and why: what `resolve` says, or why it says nothing. */

import type { Resolved } from '../../config.ts'
import { forPeople } from '../words.ts'
import type { Finding } from './finding.ts'

const EXAMPLE = 'DATABASE_URL=postgres://user:password@host:5432/database'

export function configurationFindings({ resolved, envFiles }: ConfigurationOf): readonly Finding[] {
  const { tier, driver, target, reason, warnings, migrate } = resolved
  const where = tier === driver ? tier : `${tier} (${driver})`
  return [
    {
      about: 'environment',
      state: 'note',
      says: envFiles.length === 0 ? 'no .env files here' : `read ${envFiles.join(', ')}`,
    },
    {
      about: 'database',
      state: 'ok',
      says: `${where}${target === tier ? '' : `, ${target}`}; migrations: ${migrate}`,
    },
    { about: 'why', state: 'note', says: forPeople(reason) },
    ...warnings.map((warning): Finding => {
      const loser = /^(.*) is ignored: /.exec(warning)?.[1]
      const remedy = warning.startsWith('VERCEL') ? EXAMPLE : 'TERRACE_DB_DRIVER=sqlite'
      const fix = loser === undefined ? remedy : `unset ${loser}`
      return { about: 'variables', state: 'warning', says: forPeople(warning), fix }
    }),
  ]
}

export interface ConfigurationOf {
  readonly resolved: Resolved
  readonly envFiles: readonly string[]
}

/** For a configuration that makes no sense. */
export function misconfigured(message: string): Finding {
  const flag = /^options\.(\w+)/.exec(message)?.[1]
  const name = /^(?:The port in )?([A-Z][A-Z0-9_]+)\b/.exec(message)?.[1]
  const nearest = /did you mean (\w+)\?/.exec(message)?.[1]
  return {
    about: 'configuration',
    state: 'problem',
    says: forPeople(message),
    fix:
      flag !== undefined && nearest !== undefined ? `--${flag} ${nearest}` : remedy(message, name, nearest),
  }
}

function remedy(message: string, name: string | undefined, nearest: string | undefined): string {
  if (name !== undefined && nearest !== undefined) return `${name}=${nearest}`
  if (/DATABASE_URL/.test(message)) return EXAMPLE
  if (name !== undefined) return `unset ${name}`
  return 'npx terrace doctor --help'
}

/** The flags of a script. */

import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** What was given. `--help` ends the script with a line that says which flags it has; so do others than those. */
export function readFlags<T extends ParseArgsOptionsConfig>(script: string, options: T) {
  const flags = Object.entries(options).map(([name, { type }]) =>
    type === 'boolean' ? `[--${name}]` : `[--${name} <${name}>]`,
  )
  const usage = `Usage: npm run ${script} -- ${flags.join(' ')}`
  if (process.argv.includes('--help')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return parseArgs({ options }).values
  } catch (error) {
    // Node goes on to explain how such a word could be given as something else.
    const [problem] = String((error as Error).message).split('. ')
    console.error(`${problem}. ${usage}`)
    process.exit(1)
  }
}

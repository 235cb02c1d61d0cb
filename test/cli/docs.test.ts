/** What docs/cli.md has for a shell is run, from top to bottom, and its tables are held against the program. */

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { compileCache } from '../support/child.ts'
import { tempDir } from '../support/temp.ts'
import { MAIN } from './serving.ts'
import { terrace } from './support.ts'

const page = readFileSync('docs/cli.md', 'utf8')

it('its examples run', async () => {
  await using folder = await tempDir()
  const bin = join(folder.path, 'bin')
  mkdirSync(bin)
  // `npx terrace`, where nothing is installed.
  writeFileSync(
    join(bin, 'npx'),
    `#!/bin/sh\nshift\nexec '${process.execPath}' '${fileURLToPath(MAIN)}' "$@"\n`,
  )
  chmodSync(join(bin, 'npx'), 0o755)
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code]) => code)
  const env = {
    PATH: [bin, process.env.PATH].join(delimiter),
    HOME: folder.path,
    NODE_COMPILE_CACHE: compileCache,
  }
  execFileSync('sh', ['-ec', blocks.join('\n')], { env, cwd: folder.path, stdio: 'pipe' })
  expect(readFileSync(join(folder.path, 'status.json'), 'utf8')).toContain('"state":"ok"')
  expect(readFileSync(join(folder.path, 'terrace.sql'), 'utf8')).toContain('create table')
})

it('every command, flag and exit code is in the guides', async () => {
  const all = page + readFileSync('docs/serve.md', 'utf8')
  const { stdout: help } = await terrace(['--help'], { cwd: '.' })
  const commands = [...help.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name!)
  expect(commands).toEqual(['health', 'status', 'migrate', 'doctor', 'init', 'serve'])
  for (const name of commands) {
    expect(all).toContain(`\`${name}`)
    const { stdout } = await terrace([name, '--help'], { cwd: '.' })
    for (const [flag] of stdout.matchAll(/--[a-z-]+/g)) {
      if (flag !== '--help') expect(all, `${name} ${flag}`).toContain(flag)
    }
  }
  const codes = [...page.matchAll(/^\| (\d) \|/gm)].map(([, code]) => Number(code))
  expect(codes).toEqual(Object.values(EXIT))
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadEnvFiles } from '../src/config/env-files.ts'
import { tempDir } from './support/temp.ts'

type Env = Record<string, string | undefined>

async function loaded(files: Record<string, string>, env: Env = {}): Promise<Env> {
  await using folder = await tempDir()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text)
  const filled = { ...env }
  loadEnvFiles(folder.path, filled)
  return filled
}

it('the environment beats .env.<mode>.local, .env.local, .env.<mode> and .env, in this order', async () => {
  const names = ['.env', '.env.development', '.env.local', '.env.development.local']
  const files: Record<string, string> = {}
  for (const name of names) {
    files[name] = `A=${name}`
    expect(await loaded(files)).toEqual({ A: name })
  }
  expect(await loaded(files, { A: 'set' })).toEqual({ A: 'set' })
  expect(await loaded(files, { A: '' })).toEqual({ A: '' })
})

it('NODE_ENV picks the files, and tests are alike on every machine', async () => {
  const files = {
    '.env.production': 'A=production',
    '.env.local': 'A=local',
    '.env.test': 'A=test',
    '.env': 'A=base',
  }
  expect(await loaded(files, { NODE_ENV: 'production' })).toMatchObject({ A: 'local' })
  expect(await loaded(files, { NODE_ENV: 'test' })).toMatchObject({ A: 'test' })
})

it('a value that drizzle-kit took from .env gives way to the stronger files', async () => {
  const files = { '.env': 'URL=base\nONLY=base', '.env.local': 'URL=local' }
  expect(await loaded(files, { URL: 'base', ONLY: 'base' })).toEqual({ URL: 'local', ONLY: 'base' })
  expect(await loaded(files, { URL: 'set' })).toEqual({ URL: 'set', ONLY: 'base' })
})

it('values refer to one another and to the environment', async () => {
  const env = await loaded(
    {
      '.env': [
        'HOST=db.example.com',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is for the file.
        'URL=postgres://$APP_USER:${SECRET}@$HOST/${NAME:-terrace}',
        'PRICE=\\$5',
        'LOOP=$LOOP',
        'A=$B',
        'B=$A',
      ].join('\n'),
      '.env.local': 'SECRET=from-local',
    },
    { APP_USER: 'ada' },
  )
  expect(env).toMatchObject({
    URL: 'postgres://ada:from-local@db.example.com/terrace',
    PRICE: '$5',
    LOOP: '',
    A: '',
    B: '',
  })
})

it('says which files there were', async () => {
  await using folder = await tempDir()
  writeFileSync(join(folder.path, '.env'), 'A=1')
  writeFileSync(join(folder.path, '.env.local'), 'A=2')
  expect(loadEnvFiles(folder.path, {})).toEqual(['.env.local', '.env'])
})

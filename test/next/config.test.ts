/** `withTerrace`: whatever `next.config` exports, with what Next has to leave out of its bundles. */

import { describe, expect, expectTypeOf, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { DRIVER_PACKAGES } from '../../src/engine/drivers.ts'
import { withTerrace } from '../../src/next/index.ts'

/** Part of Next's own type, which would change `process.env` for all of these tests; the real one is in check:next. */
interface NextConfig {
  output?: 'standalone' | 'export'
  serverExternalPackages?: string[]
  poweredByHeader?: boolean
  env?: Record<string, string>
}

const external = withTerrace<NextConfig>().serverExternalPackages!

test('keeps Terrace, Yjs, drizzle and every driver out of bundles', () => {
  expect(external).toEqual(expect.arrayContaining(['terrace', 'yjs', 'drizzle-orm']))
  expect(external).toEqual(expect.arrayContaining(Object.values(DRIVER_PACKAGES)))
  const known = ['terrace', ...Object.keys(manifest.peerDependencies)]
  expect(external.filter((name) => !known.includes(name))).toEqual([])
})

describe('keeps what there is', () => {
  const own: NextConfig = { output: 'standalone', serverExternalPackages: ['sharp', 'pg'] }
  const expected = {
    output: 'standalone',
    serverExternalPackages: ['sharp', 'pg', ...external.filter((name) => name !== 'pg')],
  }

  test('of an object, which stays as it was', () => {
    expect(withTerrace(own)).toEqual(expected)
    expect(own.serverExternalPackages).toEqual(['sharp', 'pg'])
    // Once more changes nothing.
    expect(withTerrace(withTerrace(own))).toEqual(expected)
  })

  test('of a function, with what Next gives to it', async () => {
    const config = withTerrace((phase: string, { defaultConfig }: { defaultConfig: NextConfig }) => ({
      ...defaultConfig,
      ...own,
      env: { phase },
    }))
    expect(config('build', { defaultConfig: { poweredByHeader: false } })).toEqual({
      ...expected,
      poweredByHeader: false,
      env: { phase: 'build' },
    })
    expect(await withTerrace(async () => own)()).toEqual(expected)
  })

  test('of a promise', async () => {
    expect(await withTerrace(Promise.resolve(own))).toEqual(expected)
  })

  test('with its type', () => {
    expectTypeOf(withTerrace(own)).toEqualTypeOf<NextConfig>()
    expectTypeOf(withTerrace(async () => own)).toEqualTypeOf<() => Promise<NextConfig>>()
  })
})

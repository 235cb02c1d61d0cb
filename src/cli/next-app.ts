/** What there is of a Next.js app in a folder: where its routes are, and in which language. Reads only. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'

export interface NextApp {
  readonly folder: string
  /** `app` or `src/app`. */
  readonly routes: string
  readonly extension: 'ts' | 'js'
  readonly manifest: AppManifest
}

export interface AppManifest {
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export function findNextApp(folder: string): NextApp {
  const manifest = readManifest(folder)
  if (versionOf(manifest, 'next') === undefined) {
    throw new ConfigError(
      `${join(folder, 'package.json')} does not depend on next; run it in a Next.js app, or begin one: npx create-next-app@latest`,
    )
  }
  // As Next itself: the one at the root, if there are two.
  const routes = ['app', 'src/app'].find((name) => existsSync(join(folder, name)))
  if (routes === undefined) {
    const pages = ['pages', 'src/pages'].find((name) => existsSync(join(folder, name)))
    throw new ConfigError(
      pages === undefined
        ? `${folder} has no folder app or src/app, where the App Router's routes are`
        : `${folder} has ${pages} and no app folder; beside the pages, make ${pages.replace('pages', 'app')} and run it again`,
    )
  }
  const isTyped = existsSync(join(folder, 'tsconfig.json'))
  return { folder, routes, extension: isTyped ? 'ts' : 'js', manifest }
}

export function versionOf(
  { dependencies = {}, devDependencies = {} }: AppManifest,
  name: string,
): string | undefined {
  return dependencies[name] ?? devDependencies[name]
}

/** The configuration, if there is one that needs `withTerrace` and does not mention it: webpack loses what it bundles. */
export function configWithout({
  folder,
  manifest,
}: Pick<NextApp, 'folder' | 'manifest'>): string | undefined {
  const usesWebpack = Object.values(manifest.scripts ?? {}).some((script) =>
    /\bnext\b.*--webpack/.test(script),
  )
  if (!usesWebpack) return undefined
  const name = CONFIGS.find((name) => existsSync(join(folder, name)))
  if (name === undefined) return CONFIGS[0]
  return readFileSync(join(folder, name), 'utf8').includes('withTerrace') ? undefined : name
}

const CONFIGS = ['next.config.ts', 'next.config.mjs', 'next.config.js'] as const

/** What to write there. */
export const WITH_TERRACE =
  "import { withTerrace } from 'terrace/next'; export default withTerrace(nextConfig)"

/** A catch-all below it takes what is meant for Terrace, under whatever name its parameter has. */
export function catchAllIn(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined
  for (const name of readdirSync(folder)) {
    if (!/^\[?\[\.\.\..*\]\]?$/.test(name)) continue
    const route = readdirSync(join(folder, name)).find((file) => /^route\.(ts|tsx|js|jsx|mjs)$/.test(file))
    if (route !== undefined) return join(name, route)
  }
  return undefined
}

export function readManifest(folder: string): AppManifest {
  const path = join(folder, 'package.json')
  try {
    // The cast: what npm takes has this form, as far as it is looked at.
    return JSON.parse(readFileSync(path, 'utf8')) as AppManifest
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = isAbsent ? `there is no package.json in ${folder}` : `${path} is not JSON`
    throw new ConfigError(`${problem}; run it in a Next.js app`, { cause: error })
  }
}

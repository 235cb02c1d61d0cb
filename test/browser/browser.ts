/** A real browser: Debian's Chromium, or the one that CHROMIUM names. Where there is none, tests say that they are skipped. */

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

export const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium'
export const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Why there is none; undefined if there is one. */
export const whyNone = existsSync(PATH)
  ? undefined
  : `there is no Chromium at ${PATH}: apt-get install chromium, or name one in CHROMIUM`

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: ARGS })
}

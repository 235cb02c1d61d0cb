/** The built app as a process, over the database of a tier; and windows in which it is open. */

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Child, startChild } from '../support/child.ts'
import { createTestDatabase } from '../support/databases.ts'
import { freePort } from '../support/free-port.ts'
import { tempDir } from '../support/temp.ts'
import { app, DIST, next } from './build.ts'

export const tiers = ['memory', 'sqlite', 'postgres'] as const
export type Tier = (typeof tiers)[number]

const TOKEN = 'a token for the tests'

export interface Workbench extends AsyncDisposable {
  readonly url: string
  /** As a visitor that has shown the token. */
  window(options?: BrowserContextOptions): Promise<Page>
  /** A verb of a store, called as an agent elsewhere would. */
  call<T>(store: string, verb: string, ...args: readonly unknown[]): Promise<T>
  /** At once, without a chance to end anything. */
  kill(): Promise<void>
  start(): Promise<void>
  /** What went wrong in windows. */
  readonly wrong: string[]
}

/** Nothing but variables of the environment tells the tiers apart. */
async function placeOf(tier: Tier): Promise<{ env: NodeJS.ProcessEnv; remove(): Promise<void> }> {
  if (tier === 'memory') return { env: {}, remove: () => Promise.resolve() }
  if (tier === 'sqlite') {
    const folder = await tempDir()
    return {
      env: { TERRACE_DB_DRIVER: 'sqlite', SQLITE_DB_PATH: `${folder.path}/workbench.db` },
      async remove() {
        await folder[Symbol.asyncDispose]()
      },
    }
  }
  const database = await createTestDatabase()
  return { env: { DATABASE_URL: database.url }, remove: () => database.drop() }
}

export async function startWorkbench(tier: Tier, browser: Browser): Promise<Workbench> {
  const { env, remove } = await placeOf(tier)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const contexts: BrowserContext[] = []
  const wrong: string[] = []
  const entrance = `${url}/enter?token=${encodeURIComponent(TOKEN)}`
  let cookie: string | undefined
  let child: Child | undefined

  const bench: Workbench = {
    url,
    wrong,

    async window(options = {}) {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
      contexts.push(context)
      const page = await context.newPage()
      page.on('pageerror', ({ message }) => wrong.push(message))
      await page.goto(entrance)
      await page.locator('.live[data-status=live]').waitFor()
      return page
    },

    async call(store, verb, ...args) {
      const response = await fetch(`${url}/api/terrace/stores/${store}/${verb}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: cookie! },
        body: JSON.stringify(args),
      })
      // The cast, in effect: the caller knows what the verb answers.
      const body = JSON.parse(await response.text())
      if (!response.ok) throw new Error(`${store}.${verb}: ${JSON.stringify(body)}`)
      return body
    },

    async kill() {
      child?.kill('SIGKILL')
      await child?.ended
    },

    async start() {
      child = startChild(new URL(`file://${next}`), {
        args: ['start', '--hostname', '127.0.0.1', '--port', String(port)],
        cwd: app,
        env: {
          DATABASE_URL: undefined,
          TERRACE_DB_DRIVER: undefined,
          SQLITE_DB_PATH: undefined,
          ...env,
          NODE_ENV: 'production',
          NEXT_TELEMETRY_DISABLED: '1',
          WORKBENCH_DIST: DIST,
          WORKBENCH_TOKEN: TOKEN,
          WORKBENCH_PACE: '0.1',
        },
      })
      const isUp = () =>
        fetch(`${url}/api/terrace/health/db`).then(
          ({ ok }) => ok,
          () => false,
        )
      await expect.poll(isUp, { timeout: 60_000 }).toBe(true)
      const entered = await fetch(entrance, { redirect: 'manual' })
      cookie = entered.headers.get('set-cookie')?.split(';')[0]
    },

    async [Symbol.asyncDispose]() {
      for (const context of contexts) await context.close()
      await bench.kill()
      await remove()
    },
  }
  await bench.start()
  return bench
}

/** The text that a window shows of its note. */
export async function textOf(page: Page): Promise<string> {
  return page.locator('.cm-content .cm-line').evaluateAll((lines) =>
    // Runs in the page. What others are called stands in the text, and is none of it.
    lines
      .map((line) => {
        const copy = line.cloneNode(true) as unknown as Line
        for (const caret of copy.querySelectorAll('.cm-ySelectionCaret, .cm-placeholder')) caret.remove()
        return copy.textContent
      })
      .join('\n'),
  )
}

interface Line {
  readonly textContent: string
  querySelectorAll(selector: string): Iterable<{ remove(): void }>
}

/** Puts the caret at the end of a line that is so, and types. */
export async function typeAfter(page: Page, line: string, text: string): Promise<void> {
  await page.locator('.cm-line', { hasText: line }).first().click()
  await page.keyboard.press('End')
  await page.keyboard.type(text, { delay: 12 })
}

export const isSaved = (page: Page) => page.locator('.note-status[data-status=saved]').waitFor()

/** The built app as a process, and windows in which it is open. */

import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { type Child, startChild } from '../support/child.ts'
import { freePort } from '../support/free-port.ts'
import { app, DIST, next } from './build.ts'

const TOKEN = 'a token for the tests'
/** Milliseconds within which a server is up. */
const PATIENCE = 60_000

export interface Workbench extends AsyncDisposable {
  readonly url: string
  /** As a visitor that has shown the token. */
  window(options?: BrowserContextOptions): Promise<Page>
  /** A verb of a store, called as an agent elsewhere would. */
  call<T>(store: string, verb: string, ...args: readonly unknown[]): Promise<T>
  /** At once, without a chance to end anything. */
  kill(): Promise<void>
  /** On the same port as ever. */
  start(): Promise<void>
  /** Closes all windows, and answers what went wrong in them. */
  closeWindows(): Promise<string[]>
}

/** Over the database that `env` names, or none. */
export async function startWorkbench(browser: Browser, env: NodeJS.ProcessEnv): Promise<Workbench> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const entrance = `${url}/enter?token=${encodeURIComponent(TOKEN)}`
  let contexts: BrowserContext[] = []
  let wrong: string[] = []
  let cookie = ''
  let child: Child | undefined

  async function isUp(): Promise<boolean> {
    const answer = await fetch(`${url}/api/terrace/health/db`).catch(() => undefined)
    return answer?.status === 200
  }

  const bench: Workbench = {
    url,

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
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify(args),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${store}.${verb}: ${text}`)
      return JSON.parse(text)
    },

    async closeWindows() {
      await Promise.all(contexts.map((context) => context.close()))
      contexts = []
      const all = wrong
      wrong = []
      return all
    },

    async kill() {
      child?.kill('SIGKILL')
      await child?.ended
    },

    async start() {
      child = startChild(pathToFileURL(next), {
        args: ['start', '--hostname', '127.0.0.1', '--port', String(port)],
        cwd: app,
        env: {
          DATABASE_URL: undefined,
          TERRACE_DB_DRIVER: undefined,
          SQLITE_DB_PATH: undefined,
          NODE_ENV: 'production',
          NEXT_TELEMETRY_DISABLED: '1',
          WORKBENCH_DIST: DIST,
          WORKBENCH_TOKEN: TOKEN,
          ...env,
        },
      })
      const latest = performance.now() + PATIENCE
      while (!(await isUp())) {
        if (performance.now() > latest) throw new Error(`it is not up: ${child.lines.join('\n')}`)
        await setTimeout(50)
      }
      const entered = await fetch(entrance, { redirect: 'manual' })
      cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
    },

    async [Symbol.asyncDispose]() {
      await bench.closeWindows()
      await bench.kill()
    },
  }
  try {
    await bench.start()
  } catch (error) {
    await bench[Symbol.asyncDispose]()
    throw error
  }
  return bench
}

/** The text that a window shows of its note. */
export async function textOf(page: Page): Promise<string> {
  return page.locator('.cm-content .cm-line').evaluateAll((lines) =>
    // Runs in the page. What others are called stands in the text, and is none of it.
    lines
      .map((line) => {
        // The cast: the DOM's types are not here.
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

/** Puts the caret at the end of the line that begins so, and types. */
export async function typeAfter(page: Page, line: string, text: string): Promise<void> {
  await page.locator('.cm-line', { hasText: line }).first().click()
  await page.keyboard.press('End')
  await page.keyboard.type(text, { delay: 12 })
}

export const isSaved = (page: Page) => page.locator('.note-status[data-status=saved]').waitFor()

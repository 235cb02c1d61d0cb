/**
 * `npm run screenshots`: takes the pictures in `docs/images` anew, from the built app with its crew at work. In memory,
 * in the Chromium that the browser tests use.
 */

import { setTimeout } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { startBrowser, whyNone } from '../test/browser/browser.ts'
import { buildApp } from '../test/browser/build.ts'
import { startWorkbench, typeAfter } from '../test/browser/workbench.ts'

const DESKTOP = { viewport: { width: 1440, height: 900 } }
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, hasTouch: true }

if (whyNone !== undefined) throw new Error(whyNone)
await buildApp()
const browser = await startBrowser()
try {
  await using bench = await startWorkbench(browser, { WORKBENCH_PACE: '0.6' })
  const light = await bench.window({ ...DESKTOP, colorScheme: 'light' })
  const dark = await bench.window({ ...DESKTOP, colorScheme: 'dark' })
  await named(dark, 'Visitor')
  await dark.getByText('Graph', { exact: true }).click()
  await light.getByRole('button', { name: 'Start the crew' }).click()
  await light.locator('[data-column=Done] .card').nth(4).waitFor({ timeout: 180_000 })
  await typeAfter(dark, 'Write here', ' People write here, too.')
  // Who writes does not follow what others write.
  await dark.getByRole('heading', { name: 'Demo' }).click()
  await lively(light)
  await light.screenshot({ path: 'docs/images/workbench-light.png' })
  await lively(dark)
  await dark.screenshot({ path: 'docs/images/workbench-dark.png' })
  await phones(
    await bench.window({ ...PHONE, colorScheme: 'light' }),
    await bench.window({ ...PHONE, colorScheme: 'dark' }),
  )
  console.log('docs/images/workbench-{light,dark,phone}.png')
} finally {
  await browser.close()
}

/** Somebody writes, and others are at their tasks. */
async function lively(page: Page): Promise<void> {
  for (let looks = 0; looks < 1200; looks++) {
    const [writers, running] = await Promise.all([
      page.locator('.people [data-agent=true]').count(),
      page.locator('.job progress').evaluateAll((bars) => {
        // The cast: the DOM's types are not here.
        const values = bars.map((bar) => (bar as unknown as { value: number }).value)
        return values.filter((value) => value > 15 && value < 90).length
      }),
    ])
    if (writers >= 1 && running >= 2) return
    await setTimeout(100)
  }
  throw new Error('the crew was never as busy as the pictures should have it')
}

async function named(page: Page, name: string): Promise<void> {
  await page.locator('.own-name input').fill(name)
  await page.keyboard.press('Enter')
}

/** Three panes beside each other. */
async function phones(light: Page, dark: Page): Promise<void> {
  const shots: Buffer[] = []
  for (const [page, pane] of [
    [light, 'Tasks'],
    [dark, 'Notes'],
    [light, 'Team'],
  ] as const) {
    await page.getByRole('navigation').getByRole('button', { name: pane }).click()
    await setTimeout(600)
    shots.push(await page.screenshot())
  }
  const page = await browser.newPage({ viewport: { width: 1290, height: 884 } })
  const images = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`)
  await page.setContent(`<style>
    body { display: flex; gap: 20px; justify-content: center; margin: 0; padding: 20px; background: #dfddd4 }
    img { width: 390px; height: 844px; border-radius: 22px; box-shadow: 0 8px 30px -10px #0006 }
  </style>${images.join('')}`)
  await page.screenshot({ path: 'docs/images/workbench-phone.png' })
}

/**
 * The example app in a real browser, the same on every tier: built as for production, and told by variables of the
 * environment alone where to keep what it keeps. `npm run test:browser` runs it, for it takes minutes.
 */

import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { selectedTiers } from '../support/tiers.ts'
import { startBrowser, whyNone } from './browser.ts'
import { buildApp } from './build.ts'
import { createPlace, type Place, tiers } from './places.ts'
import { isSaved, startWorkbench, textOf, typeAfter, type Workbench } from './workbench.ts'

const selected = tiers.filter((tier) => selectedTiers().includes(tier))

if (whyNone !== undefined) console.warn(`skipped: ${whyNone}`)

describe.skipIf(whyNone !== undefined).each(selected)('on %s', (tier) => {
  let browser: Browser
  let place: Place
  let bench: Workbench

  beforeAll(async () => {
    await buildApp()
    browser = await startBrowser()
    place = await createPlace(tier)
    bench = await startWorkbench(browser, { ...place.env, WORKBENCH_PACE: '0.1' })
  }, 600_000)
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
    await browser?.close()
  })
  afterEach(async () => expect(await bench.closeWindows()).toEqual([]))

  test('nobody gets anything without the token', async () => {
    const page = await browser.newPage()
    await page.goto(bench.url)
    await page.getByText('You are not let in').waitFor()
    for (const path of ['stores/workspaces', 'events?workspaceId=demo', 'health']) {
      expect((await fetch(`${bench.url}/api/terrace/${path}`)).status).toBe(401)
    }
    expect((await fetch(`${bench.url}/enter?token=wrong`)).status).toBe(403)
    await page.close()
  })

  test('a task that is made in one window is seen in another by itself', async () => {
    const [one, other] = [await bench.window(), await bench.window()]
    await one.getByRole('button', { name: 'New task' }).click()
    await one.getByLabel('Title', { exact: true }).fill('Made in one window')
    await one.getByLabel('Ask three people what they miss').check()
    await one.getByRole('button', { name: 'Create' }).click()
    const card = other.locator('[data-column=Waiting] .card', { hasText: 'Made in one window' })
    await card.waitFor()
    expect(await card.locator('.chip').textContent()).toBe('Ask three people what they miss')
    await other.getByRole('button', { name: /^Ask three people what they miss/ }).click()
    for (const move of ['Start', 'Complete'])
      await other.getByRole('button', { name: move, exact: true }).click()
    await one.locator('[data-column=Ready] .card', { hasText: 'Made in one window' }).waitFor()
  })

  test('two windows type in one note while an agent appends, and nothing is lost', async () => {
    const { id } = await bench.call<{ id: string }>('notes', 'create', {
      workspaceId: 'demo',
      title: 'Together',
      text: 'One:\nOther:\nAgent:',
    })
    const [one, other] = await openedIn(bench, id)
    const words = Array.from({ length: 12 }, (_, index) => ` word${index}`)
    const append = async () => {
      for (const word of words) await bench.call('notes', 'append', id, word)
    }
    await Promise.all([
      typeAfter(one, 'One:', ' first things first, 😀 and then the rest.'),
      typeAfter(other, 'Other:', ' what else is there to be said?'),
      append(),
    ])
    const whole = `One: first things first, 😀 and then the rest.\nOther: what else is there to be said?\nAgent:${words.join('')}`
    for (const page of [one, other]) await expect.poll(() => textOf(page)).toBe(whole)
    await Promise.all([one, other].map(isSaved))
    expect((await bench.call<{ text: string }>('notes', 'read', id)).text).toBe(whole)
    expect(await one.locator('.people li').count()).toBe(2)
  })

  test('the crew works when told to, writes where others see it, and stops when told to', async () => {
    const page = await bench.window()
    await page.getByRole('button', { name: 'Start the crew' }).click()
    await page.locator('.cm-ySelectionInfo').first().waitFor()
    await page.locator('.agent[data-status=running]').first().waitFor()
    await page.locator('.job progress').first().waitFor()
    await page
      .locator('[data-column=Done] .card', { hasText: 'Choose the columns' })
      .waitFor({ timeout: 60_000 })
    await page.getByRole('radio', { name: 'Graph' }).check({ force: true })
    await page.locator('.node', { hasText: 'Ship the export' }).waitFor()
    await page.getByRole('button', { name: 'Stop the crew' }).click()
    await page.getByRole('button', { name: 'Start the crew' }).waitFor()
    await expect.poll(() => page.locator('.agent[data-status=running]').count()).toBe(0)
    await page.getByRole('radio', { name: 'Board' }).check({ force: true })
  })

  test('everything can be done by keyboard', async () => {
    const page = await bench.window()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await focused(page)).toBe('tasks')
    await page.keyboard.press('n')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('Made by keyboard')
    await page.keyboard.press('Enter')
    const card = page.locator('.card', { hasText: 'Made by keyboard' })
    await card.waitFor()
    await card.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('[data-column=Running] .card', { hasText: 'Made by keyboard' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await focused(page)).toContain('Made by keyboard')
    await page.keyboard.press('3')
    for (let presses = 0; (await focused(page)) !== 'Text of the note'; presses++) {
      expect(presses).toBeLessThan(20)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Control+End')
    await page.keyboard.type(' n is but a letter here')
    await isSaved(page)
    expect(await textOf(page)).toContain(' n is but a letter here')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.keyboard.press('Tab')
    expect(await focused(page)).not.toBe('Text of the note')
  })

  test('on a phone nothing is wider than the screen', async () => {
    const page = await bench.window({ viewport: { width: 390, height: 844 }, hasTouch: true })
    for (const pane of ['Queue', 'Notes', 'Team', 'Tasks']) {
      await page.getByRole('navigation').getByRole('button', { name: pane }).click()
      await page.locator(`#${pane.toLowerCase()}`).waitFor()
      expect(await overflow(page), pane).toEqual([])
    }
    await page.getByRole('button', { name: 'New task' }).click()
    expect(await overflow(page), 'the dialog').toEqual([])
  })

  test.each(['light', 'dark'] as const)('axe finds nothing to complain of, %s', async (colorScheme) => {
    const page = await bench.window({ colorScheme })
    await page.locator('.cm-content').waitFor()
    await page.addScriptTag({ content: axe.source })
    for (const view of ['Board', 'Graph']) {
      await page.getByRole('radio', { name: view }).check({ force: true })
      expect(await complaints(page), view).toEqual([])
    }
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    expect(await complaints(page), 'the dialog').toEqual([])
  })

  test('the server is killed while people type, and what they typed is there when it is back', async () => {
    const { id } = await bench.call<{ id: string }>('notes', 'create', {
      workspaceId: 'demo',
      title: 'Survivor',
      text: 'One:\nOther:',
    })
    const [one, other] = await openedIn(bench, id)
    const [left, right] = [lines('left'), lines('right')]
    const typing = Promise.all([typeAfter(one, 'One:', left), typeAfter(other, 'Other:', right)])
    await expect.poll(() => textOf(one)).toContain('left 3')
    await bench.kill()
    await one.locator('.note-status[data-status=offline]').waitFor()
    await typing
    // By itself, and not by the server's: each window has what was typed into it.
    expect(await textOf(one)).toContain(left)
    expect(await textOf(other)).toContain(right)
    await bench.start()
    if (tier === 'memory') {
      // The note has ended with the process: the windows say so, and have what they held.
      for (const page of [one, other]) await page.locator('.note-status[data-status=gone]').waitFor()
      for (const page of [one, other]) await page.getByRole('button', { name: 'Bring it back' }).click()
    }
    const whole = `One:${left}\nOther:${right}`
    for (const page of [one, other]) await isSaved(page)
    for (const page of [one, other]) await expect.poll(() => textOf(page)).toBe(whole)
    expect((await bench.call<{ text: string }>('notes', 'read', id)).text).toBe(whole)
    await one.locator('.live[data-status=live]').waitFor()
  })
})

/** Two windows in which the note is open, and loaded. */
async function openedIn(bench: Workbench, noteId: string): Promise<[Page, Page]> {
  const pages: [Page, Page] = [await bench.window(), await bench.window()]
  for (const page of pages) {
    await page.goto(`${bench.url}/?workspace=demo&note=${noteId}`)
    await isSaved(page)
  }
  return pages
}

const lines = (name: string) => Array.from({ length: 24 }, (_, index) => ` ${name} ${index}`).join('')

/** What has the focus: its id, its label, or what it says. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(`(() => {
    const { id, ariaLabel, textContent } = document.activeElement
    return id || ariaLabel || textContent
  })()`)
}

/** What sticks out at the right; the graph scrolls by itself. */
async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.graph'))
    .map((element) => element.className || element.tagName)`)
}

async function complaints(page: Page): Promise<string[]> {
  return page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 120) + ' ' + failureSummary.slice(0, 300))))`)
}

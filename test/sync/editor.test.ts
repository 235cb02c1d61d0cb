/**
 * The example editor in a real browser: two windows type while an agent writes. Where no Chromium is installed, it
 * says that it is skipped. With TERRACE_SCREENSHOT the picture in the docs is made anew.
 */

import { chromium, type Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { startEditor } from '../../examples/editor/editor.ts'
import { createTestSystem } from '../../src/testing/index.ts'
import { ARGS, PATH, whyNone } from '../browser/browser.ts'
import { tempDir } from '../support/temp.ts'

const START = '# Release plan\n\n## People\n\n\n## Risks\n\n\n## Agent\n'

test('two windows type while an agent writes, and all three have the same text', async ({ skip }) => {
  if (whyNone !== undefined) console.warn(`skipped: ${whyNone}`)
  skip(whyNone !== undefined, whyNone)
  await using seeded = await createTestSystem()
  const { system } = seeded
  const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
  const { id } = await system.notes.ensureSpec(workspaceId, { text: START })
  await using editor = await startEditor(system, id)
  await using folder = await tempDir()
  const context = await chromium.launchPersistentContext(folder.path, {
    executablePath: PATH,
    args: ARGS,
    headless: true,
    viewport: { width: 720, height: 500 },
  })
  try {
    const [ada, grace] = [await context.newPage(), await context.newPage()]
    const wrong: string[] = []
    for (const page of [ada, grace]) page.on('pageerror', ({ message }) => wrong.push(message))
    await ada.goto(`${editor.url}?name=Ada&color=%230d9488&theme=light`)
    await grace.goto(`${editor.url}?name=Grace&color=%23d97706&theme=dark`)
    for (const page of [ada, grace]) await expect.poll(() => textOf(page)).toBe(START)
    await Promise.all([
      typeAfter(ada, '## People\n', 'Ada leads, Grace reviews 😀.'),
      typeAfter(grace, '## Risks\n', '- The migration needs a dry run.'),
      editor.agentWrites('- Draft the changelog\n- Tag the build\n- Tell the testers'),
    ])
    const { text } = await expectOne(() => system.notes.read(id), [ada, grace])
    expect(text).toBe(
      '# Release plan\n\n## People\nAda leads, Grace reviews 😀.\n\n## Risks\n- The migration needs a dry run.\n\n' +
        '## Agent\n- Draft the changelog\n- Tag the build\n- Tell the testers',
    )
    // What is in the text already may be on its way into the log.
    const actors = async () => new Set((await system.notes.history(id)).edits.map(({ actor }) => actor))
    await expect.poll(actors).toEqual(new Set([null, 'Ada', 'Grace', 'Planner']))
    for (const page of [ada, grace]) {
      await expect.poll(() => page.locator('.status').textContent()).toBe('Saved')
      await expect.poll(() => page.locator('.person').count()).toBe(3)
      await expect.poll(() => page.locator('.caret').count()).toBe(2)
    }
    expect(wrong).toEqual([])
    if (process.env.TERRACE_SCREENSHOT) await sideBySide(ada, grace, process.env.TERRACE_SCREENSHOT)
  } finally {
    await context.close()
  }
})

async function textOf(page: Page): Promise<string> {
  return page.locator('textarea').inputValue()
}

interface Selectable {
  setSelectionRange(start: number, end: number): void
}

/** Key by key, where somebody would click. */
async function typeAfter(page: Page, place: string, text: string): Promise<void> {
  const area = page.locator('textarea')
  const index = (await area.inputValue()).indexOf(place) + place.length
  await area.focus()
  // Runs in the page. The cast: a textarea it is, but the DOM's types are not here.
  await area.evaluate((element, at) => (element as unknown as Selectable).setSelectionRange(at, at), index)
  await area.pressSequentially(text, { delay: 5 })
}

/** Waits until all have the text that the note has. */
async function expectOne(read: () => Promise<{ readonly text: string }>, pages: readonly Page[]) {
  await expect
    .poll(async () => {
      const [{ text }, ...shown] = await Promise.all([read(), ...pages.map(textOf)])
      return text.includes('testers') && text.includes('dry run.') && shown.every((each) => each === text)
    })
    .toBe(true)
  return read()
}

async function sideBySide(left: Page, right: Page, path: string): Promise<void> {
  // One window has the focus; the other keeps its caret all the same.
  const shots = [await left.screenshot(), await right.screenshot()]
  const page = await left.context().newPage()
  await page.setViewportSize({ width: 1440, height: 500 })
  const images = shots.map((shot) => `<img width=720 src="data:image/png;base64,${shot.toString('base64')}">`)
  await page.setContent(`<body style="margin:0;display:flex">${images.join('')}`)
  await page.screenshot({ path })
}

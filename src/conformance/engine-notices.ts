/** Notifications: what may be said on a channel, and what is never heard. */

import assert from 'node:assert/strict'
import { refused } from './expect.ts'
import type { Scenario } from './scenario.ts'

export const engineNoticeScenarios: readonly Scenario[] = [
  {
    id: 'engine.notices-refused',
    guarantee:
      'Channels have names of any length; a notification that not every database can carry is refused',
    async run({ system: { engine } }) {
      const channel = 'a long name '.repeat(20)
      const stop = await engine.listen(channel, () => {})
      await engine.notify(channel, 'é'.repeat(3999))
      await engine.transaction((tx) => tx.notify(channel, ''))
      await stop()
      for (const payload of ['é'.repeat(4000), '\0', '\ud800', 7, null]) {
        await refused('VALIDATION', engine.notify('c', payload as string))
        await refused(
          'VALIDATION',
          engine.transaction((tx) => tx.notify('c', payload as string)),
        )
      }
      for (const bad of ['', '\0', null]) {
        await refused('VALIDATION', engine.notify(bad as string, ''))
        await refused(
          'VALIDATION',
          engine.listen(bad as string, () => {}),
        )
      }
    },
  },
  {
    id: 'engine.notices',
    guarantee: 'What a failed transaction would have told its listeners is never heard',
    async run({ system: { engine } }) {
      const heard: string[] = []
      const stop = await engine.listen('news "of" ours', (payload) => heard.push(payload))
      const failing = engine.transaction(async (tx) => {
        await tx.notify('news "of" ours', 'never')
        throw new Error('failed')
      })
      await assert.rejects(failing, /failed/)
      await engine.notify('other news', 'not ours')
      await engine.transaction((tx) => tx.notify('news "of" ours', 'inside'))
      await engine.notify('news "of" ours', 'outside')
      // They may never arrive; when they do, it is soon.
      for (let i = 0; i < 20 && heard.length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 5))
      await stop()
      assert.deepEqual(
        heard.filter((payload) => payload !== 'inside' && payload !== 'outside'),
        [],
      )
    },
  },
]

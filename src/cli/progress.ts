/** Says what is being waited for, once that takes longer than a second. */

import type { Io } from './io.ts'
import { forPeople } from './words.ts'

/** Without a terminal there is a line now and then; more would only fill a log. */
const EVERY = { terminal: 100, log: 10_000 }
const FRAMES = ['|', '/', '-', '\\']

export async function withProgress<R>(
  { stderr }: Pick<Io, 'stderr'>,
  what: string,
  work: () => Promise<R>,
): Promise<R> {
  const startedAt = performance.now()
  const text = forPeople(what)
  let shown = 0
  let timer = setTimeout(tell, 1000)

  function tell(): void {
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    if (stderr.isTTY) stderr.write(`\r\x1b[2K${FRAMES[shown % FRAMES.length]} ${text} (${seconds} s)`)
    else stderr.write(`${text} (${seconds} s)\n`)
    shown += 1
    timer = setTimeout(tell, stderr.isTTY ? EVERY.terminal : EVERY.log)
  }

  try {
    return await work()
  } finally {
    clearTimeout(timer)
    if (shown > 0 && stderr.isTTY) stderr.write('\r\x1b[2K')
  }
}

/** What the crash campaign found by chance: lines that are much alike, added by several at once, and all are there. */

import { expect, test } from 'vitest'
import { applySplices, threeWay } from '../../src/notes/merge.ts'
import { createRandom, type Random } from './random.ts'

test('a line added before one that begins like it is added whole, whatever became of that one', () => {
  const base = 'one\n<w1.1>\ntwo\n'
  const wanted = 'one\n<w1.11>\n<w1.1>\ntwo\n'
  const current = 'one\n<w1.1!>\ntwo\n<w7.10>\n'
  const merged = applySplices(current, threeWay(base, wanted, current))
  expect(merged).toBe('one\n<w1.11>\n<w1.1!>\ntwo\n<w7.10>\n')
})

test('of lines that several have added to a text and marked, none is lost, cut or doubled', () => {
  const random = createRandom(5)
  for (let round = 0; round < 3000; round++) {
    let count = 0
    const withLine = (text: string) => withLineSomewhere(random, text, `<w${random.below(2)}.${count++}>`)
    let base = '🙂 é\n'
    for (let i = random.below(20); i > 0; i--) base = withLine(base)
    let current = base
    for (let i = random.below(5); i > 0; i--) current = withLine(current)
    const marked = random.below(count + 1)
    current = current.replace(new RegExp(`\\.${marked}>`), `.${marked}!>`)
    const wanted = withLine(base)
    const merged = applySplices(current, threeWay(base, wanted, current))
    const found = Array.from(merged.matchAll(/^<w\d\.(\d+)!?>$/gm), ([, number]) => Number(number))
    expect(found.sort((a, b) => a - b)).toEqual([...Array(count).keys()])
  }
})

function withLineSomewhere(random: Random, text: string, line: string): string {
  const lines = text.split('\n')
  lines.splice(random.below(lines.length), 0, line)
  return lines.join('\n')
}

import { expect, test } from 'vitest'
import { scenarios } from '../../src/conformance/index.ts'

test('every scenario has an id of its own, and says what it guarantees', () => {
  const ids = scenarios.map(({ id }) => id)
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  for (const { id, guarantee } of scenarios) {
    expect(id).toMatch(/^[a-z]+\.[a-z0-9-]+$/i)
    expect(guarantee.length, id).toBeGreaterThan(20)
  }
})

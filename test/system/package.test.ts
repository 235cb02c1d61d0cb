/** The package as it is published: bundled, and still able to start what is a file of its own. */

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { tempDir } from '../support/temp.ts'

test('notes are compacted by the worker that the package brings along', async () => {
  // Below `node_modules`, so that its dependencies are found.
  const folder = 'node_modules/.cache/terrace-package-test'
  execFileSync('node', ['scripts/build.ts', folder], { stdio: 'pipe' })
  await using place = await tempDir()
  const entry = JSON.stringify(join(process.cwd(), folder, 'index.js'))
  await using child = startChild(
    `const { createSystem } = await import(${entry})
    const system = await createSystem({ env: {}, path: ${JSON.stringify(join(place.path, 'a.db'))} })
    const { id: workspaceId } = await system.workspaces.create({ title: 'W' })
    // More than is dealt with without a worker.
    const { id } = await system.notes.create({ workspaceId, title: 'N', text: 'x'.repeat(20_000) })
    await system.notes.append(id, 'end')
    console.log(await system.notes.compact(id), (await system.notes.read(id)).text.length)
    await system.close()`,
  )
  expect(await child.line()).toBe('true 20003')
  expect(await child.ended).toMatchObject({ code: 0 })
})

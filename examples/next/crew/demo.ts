/** What a database that has no workspace yet is given, so that there is something to look at. */

import { AlreadyExistsError, type SharedSystem } from 'terrace'

const ID = 'demo'
const TEXT = `# Release plan

Write here, and open a second window: what is written in one is in the other at once.
**Start the crew**, and agents write, too.

`

/** Once, however many servers start at the same time. */
export async function seedDemo(system: SharedSystem): Promise<void> {
  if ((await system.workspaces.count({ includeArchived: true })) > 0) return
  try {
    await system.transaction(async (tx) => {
      const { id: workspaceId } = await tx.workspaces.create({ id: ID, title: 'Demo' })
      const ask = await tx.tasks.create({
        workspaceId,
        title: 'Ask who needs the export',
        objective: 'Three answers are enough to begin with.',
      })
      const sketch = await tx.tasks.create({ workspaceId, title: 'Sketch the page', dependsOn: [ask.id] })
      const fields = await tx.tasks.create({ workspaceId, title: 'Choose the columns', dependsOn: [ask.id] })
      await tx.tasks.create({ workspaceId, title: 'Build it', dependsOn: [sketch.id, fields.id] })
      await tx.notes.create({ workspaceId, title: 'Release plan', text: TEXT })
    })
  } catch (error) {
    // Another server was first.
    if (!(error instanceof AlreadyExistsError)) throw error
  }
}

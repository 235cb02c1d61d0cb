/** What a database that has no workspace yet is given, so that there is something to look at. */

import type { SharedSystem } from 'terrace'

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
        title: 'Ask three people what they miss',
        objective: 'Three answers are enough to begin with.',
        role: 'tester',
      })
      const dependsOn = [ask.id]
      const page = { workspaceId, title: 'Sketch the first page', role: 'designer', dependsOn }
      const less = { workspaceId, title: 'Choose what to leave out', role: 'designer', dependsOn }
      const made = [await tx.tasks.create(page), await tx.tasks.create(less)]
      await tx.tasks.create({
        workspaceId,
        title: 'Build the first version',
        role: 'builder',
        dependsOn: made.map(({ id }) => id),
      })
      await tx.notes.create({ workspaceId, title: 'Release plan', text: TEXT, metadata: { crew: true } })
    })
  } catch (error) {
    // Another server was first.
    if ((error as { readonly code?: unknown }).code !== 'ALREADY_EXISTS') throw error
  }
}

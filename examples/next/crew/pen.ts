/**
 * Writes into the crew's note as somebody would who types: a word at a time, with a caret that others see. Several may
 * at once; each stays with its own words, whatever others put before or between.
 */

import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Member } from './crew'
import { between, pause } from './pace'

/** A note that is longer is left to people, and another is begun. */
const LONGEST = 8000
/** Milliseconds for which a caret stands where nothing more comes. */
const LINGER = 2500
const PRESENCE_MS = 30_000

export async function write(member: Member, text: string): Promise<void> {
  const { system, name, signal } = member
  const { notes } = system
  const noteId = await noteOf(member)
  const doc = await notes.open(noteId)
  try {
    const content = doc.getText('content')
    // Told by the letter before it, which stays where it is when others write.
    let place = placeAt(content, content.length)
    for (const word of text.match(/\s*\S+|\s+$/g) ?? []) {
      const index = Y.createAbsolutePositionFromRelativePosition(place, doc)?.index ?? content.length
      doc.transact(() => content.insert(index, word), { actor: name })
      place = placeAt(content, index + word.length)
      await tell(member, noteId, place)
      // What is begun is ended, and at once when the crew is stopped.
      await pause(between(60, 170), signal)
    }
    await notes.saved(noteId)
    await pause(LINGER, signal)
    await tell(member, noteId, null)
  } finally {
    await notes.close(noteId)
  }
}

const placeAt = (content: Y.Text, index: number) => Y.createRelativePositionFromTypeIndex(content, index, -1)

async function tell(
  { system, id, name }: Member,
  noteId: string,
  place: Y.RelativePosition | null,
): Promise<void> {
  const awareness = awarenessOf(id)
  if (place !== null) {
    const cursor = Y.relativePositionToJSON(place)
    awareness.setLocalState({ user: { name, isAgent: true }, cursor: { anchor: cursor, head: cursor } })
  }
  const update = place === null ? null : encodeAwarenessUpdate(awareness, [awareness.clientID])
  await system.notes.presence.tell(noteId, id, update, PRESENCE_MS)
}

/** By agent: a client of its own each, for as long as the process lives. */
const awarenesses = new Map<string, Awareness>()

function awarenessOf(id: string): Awareness {
  const known = awarenesses.get(id)
  if (known !== undefined) return known
  const made = new Awareness(new Y.Doc())
  awarenesses.set(id, made)
  return made
}

/** The note that is marked as the crew's; made where there is none, and where it has become too long. */
async function noteOf({ system, workspaceId }: Member): Promise<string> {
  const { items } = await system.notes.list({ workspaceId, type: 'general' }, { limit: 1000 })
  const marked = items.findLast(({ metadata }) => metadata.crew === true)
  if (marked !== undefined && (await system.notes.read(marked.id)).text.length < LONGEST) return marked.id
  const count = items.filter(({ metadata }) => metadata.crew === true).length
  const title = count === 0 ? 'Team log' : `Team log ${count + 1}`
  return (await system.notes.create({ workspaceId, title, text: `# ${title}\n`, metadata: { crew: true } }))
    .id
}

import { useState } from 'react'
import { call, type Row } from '@/lib/api'
import { focusWhenShown } from '@/lib/focus'
import { attempt } from '@/lib/notices'
import { Note as NoteIcon, Plus } from './icons'
import { NoteEditor } from './note-editor'

export interface NotesProps {
  readonly workspaceId: string | undefined
  readonly notes: readonly Row<'notes'>[]
  readonly hasLoaded: boolean
  readonly openId: string | undefined
  readonly onOpen: (id: string) => void
  readonly onChanged: () => void
}

export function Notes({ workspaceId, notes, hasLoaded, openId, onOpen, onChanged }: NotesProps) {
  const [isNaming, setIsNaming] = useState(false)
  const id = openId ?? notes[0]?.id
  const note = notes.find((each) => each.id === id)

  async function create(title: string, text = ''): Promise<boolean> {
    if (workspaceId === undefined) return false
    return attempt(async () => {
      const made = await call('notes', 'create', { workspaceId, title, text })
      onChanged()
      onOpen(made.id)
    })
  }

  return (
    <section className="panel notes" id="notes" tabIndex={-1} aria-labelledby="notes-title">
      <div className="note-list">
        <header>
          <h2 id="notes-title">Notes</h2>
          <button
            type="button"
            className="tool small"
            aria-label="New note"
            aria-expanded={isNaming}
            onClick={() => setIsNaming(!isNaming)}
          >
            <Plus />
          </button>
        </header>
        {isNaming && (
          <form
            className="inline-form"
            onSubmit={async (event) => {
              event.preventDefault()
              const title = String(new FormData(event.currentTarget).get('title')).trim()
              if (title !== '' && (await create(title))) setIsNaming(false)
            }}
          >
            <input
              name="title"
              aria-label="Title of the new note"
              placeholder="Title"
              maxLength={120}
              required
              autoComplete="off"
              ref={focusWhenShown}
              onKeyDown={({ key }) => key === 'Escape' && setIsNaming(false)}
            />
            <button type="submit" className="button">
              Create
            </button>
          </form>
        )}
        <ul className="rows">
          {notes.map((each) => (
            <li key={each.id}>
              <button
                type="button"
                className="row"
                aria-current={each.id === id ? 'true' : undefined}
                onClick={() => onOpen(each.id)}
              >
                <NoteIcon />
                <span className="row-title">{each.title}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
      {id === undefined || workspaceId === undefined ? (
        <p className="empty wide">{hasLoaded && 'No notes yet. People and agents write them at once.'}</p>
      ) : (
        <NoteEditor
          key={id}
          noteId={id}
          workspaceId={workspaceId}
          title={note?.title}
          onKeep={create}
          onChanged={onChanged}
        />
      )}
    </section>
  )
}

import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { ApiError, BASE, call } from '@/lib/api'
import { createEditor } from '@/lib/editor'
import { type NoteProvider, type NoteStatus, openNote } from '@/lib/note-provider'
import { attempt } from '@/lib/notices'
import { ownName, useSetting } from '@/lib/settings'
import { Presence } from './presence'

export interface NoteEditorProps {
  readonly noteId: string
  readonly workspaceId: string
  /** Undefined where the list has not come, or has it no more. */
  readonly title: string | undefined
  /** Makes another note of what is here. */
  readonly onKeep: (title: string, text: string) => Promise<boolean>
  readonly onChanged: () => void
}

const WORDS: Readonly<Record<NoteStatus, string>> = {
  loading: 'Loading…',
  saved: 'Saved',
  saving: 'Saving…',
  offline: 'Offline',
  gone: 'Gone',
  replaced: 'Replaced',
  refused: 'Not saved',
}

export function NoteEditor({ noteId, workspaceId, title, onKeep, onChanged }: NoteEditorProps) {
  const place = useRef<HTMLDivElement>(null)
  const [provider, setProvider] = useState<NoteProvider>()
  const name = useSetting(ownName, 'Guest')
  const lastTitle = useRef('Note')
  if (title !== undefined) lastTitle.current = title

  useEffect(() => {
    const opened = openNote(`${BASE}/notes/${encodeURIComponent(noteId)}`)
    const view = createEditor(place.current!, opened)
    setProvider(opened)
    return () => {
      view.destroy()
      opened.close()
    }
  }, [noteId])

  useEffect(() => {
    provider?.awareness.setLocalStateField('user', { name, isAgent: false })
  }, [provider, name])

  const status = useSyncExternalStore(
    provider?.subscribe ?? never,
    () => provider?.status ?? 'loading',
    () => 'loading' as const,
  )

  /** The note as it was, by its own id, so that all windows that hold it come together in it again. */
  async function bringBack(): Promise<void> {
    const made = await attempt(async () => {
      try {
        await call('notes', 'create', { id: noteId, workspaceId, title: lastTitle.current })
      } catch (error) {
        // Another window was first.
        if (!(error instanceof ApiError) || error.code !== 'ALREADY_EXISTS') throw error
      }
    })
    if (!made) return
    provider?.restore()
    onChanged()
  }

  const textOf = () => provider?.doc.getText('content').toString() ?? ''

  return (
    <div className="note">
      <header>
        <h3>{title ?? lastTitle.current}</h3>
        {provider !== undefined && <Presence awareness={provider.awareness} />}
        <span className="note-status" data-status={status} role="status">
          {WORDS[status]}
        </span>
      </header>
      {status === 'offline' && (
        <p className="banner">
          The server is away. What you write stays in this window, and is sent when it is back.
        </p>
      )}
      {status === 'gone' && (
        <p className="banner" data-tone="bad">
          <span>
            The server has this note no more: it was deleted, or kept in memory by a server that has ended.
            All that is below is in this window alone.
          </span>
          <button type="button" className="button" onClick={() => void bringBack()}>
            Bring it back
          </button>
        </p>
      )}
      {(status === 'replaced' || status === 'refused') && (
        <p className="banner" data-tone="bad">
          <span>
            {status === 'replaced'
              ? 'The server has another note in its place. All that is below is in this window alone.'
              : `What is below is not saved: ${provider?.reason}.`}
          </span>
          <button
            type="button"
            className="button"
            onClick={() => void onKeep(`${lastTitle.current} (kept)`, textOf())}
          >
            Keep it as a new note
          </button>
        </p>
      )}
      <div className="editor" ref={place} />
    </div>
  )
}

const never = () => () => {}

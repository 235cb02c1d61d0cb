import { useState } from 'react'
import type { Row } from '@/lib/api'
import { focusWhenShown } from '@/lib/focus'
import { Plus } from './icons'

export interface WorkspacesProps {
  readonly all: readonly Row<'workspaces'>[] | undefined
  readonly current: string | undefined
  readonly onChoose: (id: string) => void
  /** Answers whether it was made. */
  readonly onCreate: (title: string) => Promise<boolean>
}

export function Workspaces({ all, current, onChoose, onCreate }: WorkspacesProps) {
  const [isNaming, setIsNaming] = useState(false)
  return (
    <section className="group" aria-labelledby="workspaces">
      <header>
        <h2 id="workspaces">Workspaces</h2>
        <button
          type="button"
          className="tool small"
          aria-label="New workspace"
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
            if (title !== '' && (await onCreate(title))) setIsNaming(false)
          }}
        >
          <input
            name="title"
            aria-label="Title of the new workspace"
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
        {all?.map(({ id, title }) => (
          <li key={id}>
            <button
              type="button"
              className="row"
              aria-current={id === current ? 'page' : undefined}
              onClick={() => onChoose(id)}
            >
              <span className="row-title">{title}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

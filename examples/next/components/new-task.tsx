import { useState } from 'react'
import { call } from '@/lib/api'
import { attempt } from '@/lib/notices'
import { isFinished, type Task } from '@/lib/task-states'
import { Dialog } from './dialog'
import { StatusIcon } from './icons'

export interface NewTaskProps {
  readonly workspaceId: string
  readonly tasks: readonly Task[]
  readonly onClose: () => void
  readonly onCreated: () => void
}

export function NewTask({ workspaceId, tasks, onClose, onCreated }: NewTaskProps) {
  const [isBusy, setIsBusy] = useState(false)
  const open = tasks.filter((task) => !isFinished(task))

  async function create(form: FormData): Promise<void> {
    const title = String(form.get('title')).trim()
    if (title === '') return
    setIsBusy(true)
    const isMade = await attempt(() =>
      call('tasks', 'create', {
        workspaceId,
        title,
        objective: String(form.get('objective')),
        dependsOn: form.getAll('after').map(String),
      }),
    )
    setIsBusy(false)
    if (!isMade) return
    onCreated()
    onClose()
  }

  return (
    <Dialog title="New task" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void create(new FormData(event.currentTarget))
        }}
      >
        <label>
          Title
          <input name="title" required maxLength={200} autoComplete="off" data-first />
        </label>
        <label>
          What it is to achieve
          <textarea name="objective" rows={3} maxLength={2000} />
        </label>
        {open.length > 0 && (
          <fieldset className="choices">
            <legend>After</legend>
            {open.map(({ id, title, status }) => (
              <label key={id}>
                <input type="checkbox" name="after" value={id} />
                <StatusIcon status={status} />
                <span>{title}</span>
              </label>
            ))}
          </fieldset>
        )}
        <div className="acts">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={isBusy}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  )
}

import { call } from '@/lib/api'
import type { Snapshot } from '@/lib/live'
import { attempt } from '@/lib/notices'
import { MOVES, STATUS_WORDS, type Task } from '@/lib/task-states'
import { since, useNow } from '@/lib/time'
import { Dialog } from './dialog'
import { StatusIcon } from './icons'

export interface TaskDialogProps {
  readonly task: Task
  readonly now: Snapshot
  readonly onOpen: (id: string) => void
  readonly onClose: () => void
}

export function TaskDialog({ task, now, onOpen, onClose }: TaskDialogProps) {
  const time = useNow()
  const { id, title, status, objective, failureReason, completionSummary, createdAt } = task
  const before = now.waits.get(id) ?? []
  const after = now.tasks.filter((other) => now.waits.get(other.id)?.includes(id)).map((other) => other.id)
  const assignee = now.agents.find((agent) => agent.id === task.assigneeId)
  return (
    <Dialog
      title={
        <>
          <StatusIcon status={status} />
          {title}
        </>
      }
      onClose={onClose}
      // It may have moved to another column.
      returnTo={`[data-task="${CSS.escape(id)}"]`}
    >
      <p className="about">
        {STATUS_WORDS[status]}
        {assignee !== undefined && `, ${assignee.name}`} · made {since(createdAt, time)} ago · version{' '}
        {task.version}
      </p>
      {objective !== '' && <p>{objective}</p>}
      {failureReason !== null && status === 'failed' && <p className="reason">{failureReason}</p>}
      {completionSummary !== null && <p>{completionSummary}</p>}
      <Others title="After" ids={before} tasks={now.tasks} onOpen={onOpen} />
      <Others title="Before" ids={after} tasks={now.tasks} onOpen={onOpen} />
      {MOVES[status].length > 0 && (
        <div className="acts">
          {MOVES[status].map(([verb, label], index) => (
            <button
              key={verb}
              type="button"
              className={index === 0 ? 'button primary' : 'button'}
              onClick={() => void attempt(() => call('tasks', verb, id))}
            >
              {label}
            </button>
          ))}
        </div>
      )}
    </Dialog>
  )
}

interface OthersProps {
  readonly title: string
  readonly ids: readonly string[]
  readonly tasks: readonly Task[]
  readonly onOpen: (id: string) => void
}

function Others({ title, ids, tasks, onOpen }: OthersProps) {
  const others = ids.flatMap((id) => tasks.find((task) => task.id === id) ?? [])
  if (others.length === 0) return null
  return (
    <section className="others">
      <h3>{title}</h3>
      <ul className="rows">
        {others.map((other) => (
          <li key={other.id}>
            <button type="button" className="row" onClick={() => onOpen(other.id)}>
              <StatusIcon status={other.status} />
              <span className="row-title">{other.title}</span>
              <span className="count">{STATUS_WORDS[other.status]}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

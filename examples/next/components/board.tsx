import type { Snapshot } from '@/lib/live'
import { COLUMNS, STATUS_WORDS, type Task } from '@/lib/task-states'
import { Avatar } from './avatar'
import { StatusIcon } from './icons'

export interface BoardProps {
  readonly now: Snapshot
  readonly onOpen: (id: string) => void
}

/** Finished ones beyond that are counted. */
const FINISHED = 12

export function Board({ now, onOpen }: BoardProps) {
  const columns = COLUMNS.map((column) => ({
    ...column,
    tasks: now.tasks.filter(({ status }) => column.statuses.includes(status)),
  })).filter(({ empty, tasks }) => empty !== undefined || tasks.length > 0)
  return (
    <div className="board">
      {columns.map(({ title, empty, tasks }) => (
        <section key={title} className="column" aria-label={title} data-column={title}>
          <h3>
            {title}
            <span className="count">{tasks.length}</span>
          </h3>
          {now.hasLoaded && tasks.length === 0 && <p className="empty">{empty}</p>}
          <ul>
            {shown(title, tasks).map((task) => (
              <li key={task.id}>
                <Card task={task} now={now} onOpen={onOpen} />
              </li>
            ))}
          </ul>
          {title === 'Done' && tasks.length > FINISHED && (
            <p className="more">and {tasks.length - FINISHED} before these</p>
          )}
        </section>
      ))}
    </div>
  )
}

function shown(title: string, tasks: readonly Task[]): readonly Task[] {
  if (title !== 'Done') return tasks
  return tasks.toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt)).slice(0, FINISHED)
}

interface CardProps extends BoardProps {
  readonly task: Task
}

function Card({ task, now, onOpen }: CardProps) {
  const { id, title, status, failureReason } = task
  const assignee = now.agents.find((agent) => agent.id === task.assigneeId)
  const job = now.jobs.find(({ live, metadata }) => live && metadata.taskId === id)
  const waits = (now.waits.get(id) ?? []).flatMap(
    (other) => now.tasks.find((each) => each.id === other) ?? [],
  )
  const isWaiting = status === 'pending' || status === 'blocked'
  return (
    <button type="button" className="card" data-task={id} data-status={status} onClick={() => onOpen(id)}>
      <span className="card-title">
        <StatusIcon status={status} />
        <span>
          {title}
          <span className="hidden">, {STATUS_WORDS[status]}</span>
        </span>
      </span>
      {isWaiting && waits.length > 0 && (
        <span className="chips">
          <span className="hidden">after</span>
          {waits.map((other) => (
            <span key={other.id} className="chip" data-status={other.status}>
              <StatusIcon status={other.status} />
              <span>{other.title}</span>
            </span>
          ))}
        </span>
      )}
      {status === 'failed' && failureReason !== null && <span className="reason">{failureReason}</span>}
      {assignee !== undefined && (status === 'running' || status === 'review' || status === 'failed') && (
        <span className="card-who">
          <Avatar name={assignee.name} isAgent />
          {assignee.name}
          {job?.progress != null && status === 'running' && <span className="percent">{job.progress} %</span>}
        </span>
      )}
      {job?.progress != null && status === 'running' && (
        <span className="thread" style={{ inlineSize: `${job.progress}%` }} />
      )}
    </button>
  )
}

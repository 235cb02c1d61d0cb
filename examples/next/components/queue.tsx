import { call, type Row } from '@/lib/api'
import { attempt } from '@/lib/notices'
import type { TaskStatus } from '@/lib/task-states'
import { since, useNow } from '@/lib/time'
import { Again, Close, StatusIcon } from './icons'

type Job = Row<'backgroundTasks'>

export interface QueueProps {
  /** Newest first. */
  readonly jobs: readonly Job[]
  readonly agents: readonly Row<'agents'>[]
  readonly hasLoaded: boolean
}

/** Finished ones beyond that are left out. */
const FINISHED = 8

/** The same signs as for tasks. */
const SIGNS: Readonly<Record<Job['status'], TaskStatus>> = {
  waiting: 'pending',
  scheduled: 'pending',
  blocked: 'blocked',
  ready: 'ready',
  running: 'running',
  done: 'done',
  dead: 'failed',
  cancelled: 'cancelled',
}

const RANKS = ['running', 'ready', 'scheduled', 'blocked', 'waiting']

export function Queue({ jobs, agents, hasLoaded }: QueueProps) {
  const now = useNow(1000)
  const live = jobs
    .filter((job) => job.live)
    .toSorted((a, b) => RANKS.indexOf(a.status) - RANKS.indexOf(b.status))
  const ended = jobs.filter((job) => !job.live).slice(0, FINISHED)
  return (
    <section className="panel queue" id="queue" tabIndex={-1} aria-labelledby="queue-title">
      <header>
        <h2 id="queue-title">Queue</h2>
        {hasLoaded && <span className="count">{live.length} live</span>}
      </header>
      {hasLoaded && jobs.length === 0 && (
        <p className="empty">
          No jobs yet. What agents put into the queue is shown here, with how far it is.
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <ul className="jobs" aria-labelledby="queue-title" tabIndex={0}>
        {[...live, ...ended].map((job) => (
          <li key={job.id}>
            <JobRow job={job} agent={agents.find(({ id }) => id === job.agentId)?.name} now={now} />
          </li>
        ))}
      </ul>
    </section>
  )
}

interface JobRowProps {
  readonly job: Job
  readonly agent: string | undefined
  readonly now: number
}

function JobRow({ job, agent, now }: JobRowProps) {
  const { id, title, kind, status, attempts, maxAttempts, progress, activity, error, finishedAt, runAt } = job
  const name = title === '' ? kind : title
  const isRunning = status === 'running'
  const wait = Math.ceil((Date.parse(runAt) - now) / 1000)
  return (
    <div className="job" data-status={status}>
      <StatusIcon status={SIGNS[status]} />
      <span className="job-title">{name}</span>
      <span className="job-when">
        {finishedAt !== null ? since(finishedAt, now) : isRunning ? `${progress ?? 0} %` : status}
      </span>
      <span className="job-about">
        {[
          kind,
          agent,
          attempts > 1 || status === 'dead' ? `attempt ${attempts} of ${maxAttempts}` : undefined,
          isRunning ? activity : undefined,
          status === 'scheduled' && wait > 0 ? `again in ${wait} s` : undefined,
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
      {(status === 'dead' || status === 'cancelled') && (
        <Act label={`Try ${name} again`} verb="retry" id={id} icon={<Again />} />
      )}
      {job.live && !job.cancelRequested && (
        <Act label={`Cancel ${name}`} verb="cancel" id={id} icon={<Close />} />
      )}
      {error !== null && status !== 'done' && <span className="reason">{error}</span>}
      {isRunning && (
        <progress className="bar" aria-label={`Progress of ${name}`} max={100} value={progress ?? 0} />
      )}
    </div>
  )
}

interface ActProps {
  readonly label: string
  readonly verb: 'retry' | 'cancel'
  readonly id: string
  readonly icon: React.ReactNode
}

function Act({ label, verb, id, icon }: ActProps) {
  return (
    <button
      type="button"
      className="tool small"
      aria-label={label}
      title={label}
      onClick={() => void attempt(() => call('backgroundTasks', verb, id))}
    >
      {icon}
    </button>
  )
}

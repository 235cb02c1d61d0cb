import type { Row } from '@/lib/api'
import { since, useNow } from '@/lib/time'
import { Avatar } from './avatar'

export interface AgentsProps {
  readonly agents: readonly Row<'agents'>[]
  readonly hasLoaded: boolean
}

export function Agents({ agents, hasLoaded }: AgentsProps) {
  const now = useNow()
  return (
    <section className="group agents" aria-labelledby="agents">
      <header>
        <h2 id="agents">Agents</h2>
        {agents.length > 0 && <span className="count">{agents.length}</span>}
      </header>
      {hasLoaded && agents.length === 0 && (
        <p className="empty">Nobody works here yet. Start the crew, and see who comes.</p>
      )}
      <ul className="rows">
        {agents.map(({ id, name, status, lastSummary, lastSeenAt }) => (
          <li key={id} className="agent" data-status={status}>
            <Avatar name={name} isAgent size="large" />
            <span className="agent-text">
              <span className="agent-name">
                {name}
                <span className="agent-status">
                  {status}
                  {status !== 'running' && lastSeenAt !== null && `, ${since(lastSeenAt, now)}`}
                </span>
              </span>
              <span className="agent-doing">{lastSummary ?? 'has not begun'}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

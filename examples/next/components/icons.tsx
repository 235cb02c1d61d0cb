/** Drawn in the text's colour, and for the eye alone: what they mean is said beside them. */

import type { ReactNode } from 'react'
import type { TaskStatus } from '@/lib/task-states'

function Icon({ children, size = 16 }: { readonly children: ReactNode; readonly size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  )
}

/** Steps of a hillside. */
export const Mark = () => (
  <svg className="icon" width="22" height="22" viewBox="0 0 22 22" fill="none" aria-hidden="true">
    <path d="M2 17.5h18" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" opacity=".35" />
    <path
      d="M2 12.5h6.5c2 0 2-1.5 4-1.5H20"
      stroke="currentColor"
      strokeWidth="2.4"
      strokeLinecap="round"
      opacity=".65"
    />
    <path d="M2 7.5h9c2.5 0 2.5-3 5-3h4" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" />
  </svg>
)

export const Plus = () => (
  <Icon>
    <path d="M8 3.5v9M3.5 8h9" />
  </Icon>
)
export const Close = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
)
export const Play = () => (
  <Icon>
    <path d="M5 3.5v9l7.5-4.5z" fill="currentColor" />
  </Icon>
)
export const Stop = () => (
  <Icon>
    <rect x="4" y="4" width="8" height="8" rx="1.5" fill="currentColor" />
  </Icon>
)
export const Again = () => (
  <Icon>
    <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.7h-2.7" />
  </Icon>
)
export const Sun = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M3.5 12.5l.8-.8M11.7 4.3l.8-.8" />
  </Icon>
)
export const Moon = () => (
  <Icon>
    <path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8z" />
  </Icon>
)
export const Screen = () => (
  <Icon>
    <rect x="2" y="3" width="12" height="8" rx="1.5" />
    <path d="M6 13.5h4" />
  </Icon>
)
export const Keys = () => (
  <Icon>
    <rect x="1.5" y="4" width="13" height="8.5" rx="1.5" />
    <path d="M4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.8h6" />
  </Icon>
)
export const Board = () => (
  <Icon>
    <path d="M3 3v10M8 3v6.5M13 3v8" strokeWidth="2.6" />
  </Icon>
)
export const Graph = () => (
  <Icon>
    <circle cx="3.5" cy="8" r="1.7" />
    <circle cx="12.5" cy="3.8" r="1.7" />
    <circle cx="12.5" cy="12.2" r="1.7" />
    <path d="M5.2 7.4c3 0 2.6-3.3 5.6-3.5M5.2 8.6c3 0 2.6 3.3 5.6 3.5" />
  </Icon>
)
export const Tasks = () => (
  <Icon>
    <path d="m2.5 4.5 1 1 2-2M8 4.5h5.5M2.5 11l1 1 2-2M8 11h5.5" />
  </Icon>
)
export const Queue = () => (
  <Icon>
    <path d="M2.5 4h11M2.5 8h7M2.5 12h4" />
  </Icon>
)
export const Note = () => (
  <Icon>
    <path d="M4 2.5h5.5L12.5 5.5v8h-8.5zM9.3 2.7v3h3M6.3 8.5h4M6.3 11h2.5" />
  </Icon>
)
export const Team = () => (
  <Icon>
    <circle cx="6" cy="5.5" r="2.3" />
    <path d="M1.8 13c.3-2.6 2-4 4.2-4s3.9 1.4 4.2 4M10.5 3.500a2.2 2.2 0 0 1 0 4.100M12 9.400c1.3.6 2 1.8 2.2 3.6" />
  </Icon>
)
export const Spark = () => (
  <Icon size={12}>
    <path
      d="M8 1.5 9.6 6.4 14.5 8l-4.9 1.600L8 14.5 6.4 9.6 1.5 8l4.9-1.600z"
      fill="currentColor"
      stroke="none"
    />
  </Icon>
)

const circle = <circle cx="8" cy="8" r="5.6" />

/** A shape of its own for each state, because not everybody tells them by their colours. */
const SHAPES: Readonly<Record<TaskStatus, ReactNode>> = {
  pending: <circle cx="8" cy="8" r="5.6" strokeDasharray="2.2 2.2" />,
  blocked: (
    <>
      {circle}
      <path d="m4.2 4.2 7.6 7.6" />
    </>
  ),
  paused: (
    <>
      {circle}
      <path d="M6.7 6v4M9.3 6v4" />
    </>
  ),
  ready: circle,
  running: (
    <>
      <circle cx="8" cy="8" r="5.6" opacity=".3" />
      <path d="M8 2.400A5.6 5.6 0 0 1 13.6 8" className="turning" />
    </>
  ),
  review: (
    <>
      {circle}
      <circle cx="8" cy="8" r="2" fill="currentColor" stroke="none" />
    </>
  ),
  failed: (
    <>
      <circle cx="8" cy="8" r="6.3" fill="currentColor" stroke="none" />
      <path d="m5.9 5.9 4.2 4.200M10.1 5.900l-4.2 4.2" stroke="var(--surface)" />
    </>
  ),
  done: (
    <>
      <circle cx="8" cy="8" r="6.3" fill="currentColor" stroke="none" />
      <path d="m5.3 8.2 1.9 1.9 3.5-4" stroke="var(--surface)" />
    </>
  ),
  skipped: (
    <>
      {circle}
      <path d="M5.5 8h5" />
    </>
  ),
  cancelled: (
    <>
      {circle}
      <path d="m6 6 4 4M10 6l-4 4" />
    </>
  ),
}

export function StatusIcon({ status }: { readonly status: TaskStatus }) {
  return (
    <span className="status-icon" data-status={status}>
      <Icon>{SHAPES[status]}</Icon>
    </span>
  )
}

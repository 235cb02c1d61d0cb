import type { Snapshot } from '@/lib/live'
import { depths, isFinished, STATUS_WORDS, type Task } from '@/lib/task-states'
import { StatusIcon } from './icons'

export interface GraphProps {
  readonly now: Snapshot
  readonly onOpen: (id: string) => void
}

const WIDTH = 184
const HEIGHT = 40
const GAP_X = 52
const GAP_Y = 14
const EDGE = 20

interface Placed {
  readonly task: Task
  readonly x: number
  readonly y: number
}

/** What waits stands to the right of what it waits for. */
export function Graph({ now, onOpen }: GraphProps) {
  const placed = placedOf(now)
  const byId = new Map(placed.map((each) => [each.task.id, each]))
  if (now.hasLoaded && placed.length === 0) {
    return <p className="empty wide">No tasks yet. What waits for what is drawn here, from left to right.</p>
  }
  const width = Math.max(0, ...placed.map(({ x }) => x)) + WIDTH + EDGE
  const height = Math.max(0, ...placed.map(({ y }) => y)) + HEIGHT + EDGE
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className="graph" aria-label="Graph of tasks" tabIndex={0}>
      <div style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {placed.flatMap((to) =>
            (now.waits.get(to.task.id) ?? []).flatMap((id) => {
              const from = byId.get(id)
              if (from === undefined) return []
              const isOpen = !isFinished(from.task)
              return (
                <path
                  key={`${id} ${to.task.id}`}
                  d={curve(from, to)}
                  data-open={isOpen}
                  data-status={from.task.status}
                />
              )
            }),
          )}
        </svg>
        <ul>
          {placed.map(({ task, x, y }) => (
            <li key={task.id} style={{ left: x, top: y, width: WIDTH, height: HEIGHT }}>
              <button
                type="button"
                className="node"
                data-task={task.id}
                data-status={task.status}
                title={task.title}
                onClick={() => onOpen(task.id)}
              >
                <StatusIcon status={task.status} />
                <span>
                  {task.title}
                  <span className="hidden">, {STATUS_WORDS[task.status]}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

function placedOf({ tasks, waits }: Snapshot): readonly Placed[] {
  const columns = new Map<number, number>()
  const depth = depths(tasks, waits)
  const rowOf = new Map<string, number>()
  return tasks
    .toSorted((a, b) => depth.get(a.id)! - depth.get(b.id)!)
    .map((task) => {
      const column = depth.get(task.id)!
      // As high as what it waits for, if there is room.
      const before = (waits.get(task.id) ?? []).flatMap((id) => rowOf.get(id) ?? [])
      const row = Math.max(columns.get(column) ?? 0, before.length === 0 ? 0 : Math.min(...before))
      columns.set(column, row + 1)
      rowOf.set(task.id, row)
      return { task, x: EDGE + column * (WIDTH + GAP_X), y: EDGE + row * (HEIGHT + GAP_Y) }
    })
}

function curve(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + WIDTH, from.y + HEIGHT / 2]
  const [x2, y2] = [to.x, to.y + HEIGHT / 2]
  const bend = Math.max(24, (x2 - x1) / 2)
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
}

import type { Snapshot } from '@/lib/live'
import { isFinished } from '@/lib/task-states'
import { Board as BoardView } from './board'
import { Graph as GraphView } from './graph'
import { Board, Graph, Plus } from './icons'

type View = 'board' | 'graph'

export interface TasksProps {
  readonly now: Snapshot
  readonly view: View
  readonly onView: (view: View) => void
  readonly onNew: () => void
  readonly onOpen: (id: string) => void
}

export function Tasks({ now, view, onView, onNew, onOpen }: TasksProps) {
  const open = now.tasks.filter((task) => !isFinished(task)).length
  const Shown = view === 'board' ? BoardView : GraphView
  return (
    <section className="panel tasks" id="tasks" tabIndex={-1} aria-labelledby="tasks-title">
      <header>
        <h2 id="tasks-title">Tasks</h2>
        {now.hasLoaded && <span className="count">{open} open</span>}
        <fieldset className="switch">
          <legend className="hidden">Shown as</legend>
          {(
            [
              ['board', 'Board', <Board key="board" />],
              ['graph', 'Graph', <Graph key="graph" />],
            ] as const
          ).map(([name, label, icon]) => (
            <label key={name}>
              <input
                type="radio"
                name="tasks-as"
                className="hidden"
                checked={view === name}
                onChange={() => onView(name)}
              />
              {icon}
              {label}
            </label>
          ))}
        </fieldset>
        <button type="button" className="button" onClick={onNew}>
          <Plus />
          <span>New task</span>
          <kbd>N</kbd>
        </button>
      </header>
      <Shown now={now} onOpen={onOpen} />
    </section>
  )
}

'use client'

import { useCallback, useEffect, useState } from 'react'
import { ApiError, call, list, type Row } from '@/lib/api'
import { CREW_JOB } from '@/lib/crew-job'
import { attempt, tell } from '@/lib/notices'
import { taskView, useSetting } from '@/lib/settings'
import { useShortcuts } from '@/lib/shortcuts'
import { useAddress } from '@/lib/use-address'
import { useLive } from '@/lib/use-live'
import { Agents } from './agents'
import { CrewButton } from './crew-button'
import { Help } from './help'
import { Note as NoteIcon, Queue as QueueIcon, Tasks as TasksIcon, Team as TeamIcon } from './icons'
import { NewTask } from './new-task'
import { Notes } from './notes'
import { Notices } from './notices'
import { Queue } from './queue'
import { Gone, Refused } from './states'
import { TaskDialog } from './task-dialog'
import { Tasks } from './tasks'
import { Tier } from './tier'
import { TopBar } from './top-bar'
import { Workspaces } from './workspaces'

/** On a narrow page one at a time is shown. */
const PANES = [
  ['tasks', 'Tasks', <TasksIcon key="tasks" />],
  ['queue', 'Queue', <QueueIcon key="queue" />],
  ['notes', 'Notes', <NoteIcon key="notes" />],
  ['team', 'Team', <TeamIcon key="team" />],
] as const
type Pane = (typeof PANES)[number][0]

export function Workbench() {
  const [address, go] = useAddress()
  const [workspaces, setWorkspaces] = useState<readonly Row<'workspaces'>[]>()
  const [refusal, setRefusal] = useState<string>()
  const [pane, setPane] = useState<Pane>('tasks')
  const [dialog, setDialog] = useState<'task' | 'help'>()
  const view = useSetting(taskView, 'board')
  const workspace = workspaces?.find(({ id }) => id === address.workspace) ?? workspaces?.[0]
  const workspaceId = address.workspace ?? workspace?.id
  const { live, now } = useLive(workspaceId)

  const lookAtWorkspaces = useCallback(async () => {
    try {
      setWorkspaces(await list('workspaces', { limit: '100' }))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401 || error.status === 403) setRefusal(error.message)
      else tell(`${error.message}.`)
    }
  }, [])
  useEffect(() => {
    void lookAtWorkspaces()
  }, [lookAtWorkspaces])

  async function createWorkspace(title: string): Promise<boolean> {
    return attempt(async () => {
      const made = await call('workspaces', 'create', { title })
      await lookAtWorkspaces()
      go({ workspace: made.id })
    })
  }

  async function switchCrew(): Promise<void> {
    if (workspaceId === undefined) return
    const { crew } = now
    await attempt(() =>
      crew === undefined
        ? call('backgroundTasks', 'enqueue', { ...CREW_JOB, workspaceId })
        : call('backgroundTasks', 'cancel', crew.id),
    )
    live?.refresh('backgroundTasks')
  }

  function show(next: Pane): void {
    setPane(next)
    document.getElementById(next)?.focus()
  }

  useShortcuts({
    n: () => setDialog('task'),
    g: () => taskView.set(view === 'board' ? 'graph' : 'board'),
    c: () => void switchCrew(),
    '?': () => setDialog('help'),
    ...Object.fromEntries(PANES.map(([name], index) => [String(index + 1), () => show(name)])),
  })

  if (now.status === 'refused' || refusal !== undefined) return <Refused reason={refusal ?? now.reason} />
  const isGone = now.status === 'gone' || (workspaces?.length === 0 && address.workspace === undefined)
  const task = now.tasks.find(({ id }) => id === address.task)

  return (
    <div className="bench" data-pane={pane}>
      <a className="skip" href="#tasks">
        Skip to the tasks
      </a>
      <TopBar
        title={workspace?.title}
        status={now.status}
        crew={<CrewButton crew={now.crew} isReady={now.hasLoaded} onSwitch={switchCrew} />}
        onHelp={() => setDialog('help')}
      />
      <aside className="side" id="team" tabIndex={-1} aria-label="Team">
        <Workspaces
          all={workspaces}
          current={workspaceId}
          onChoose={(id) => go({ workspace: id })}
          onCreate={createWorkspace}
        />
        <Agents agents={now.agents} hasLoaded={now.hasLoaded} />
        <Tier status={now.status} />
      </aside>
      {isGone ? (
        <Gone
          onLeave={() => {
            go({})
            void lookAtWorkspaces()
          }}
        />
      ) : (
        <main>
          <Tasks
            now={now}
            view={view}
            onView={taskView.set}
            onNew={() => setDialog('task')}
            onOpen={(id) => go({ ...address, task: id })}
          />
          <Queue jobs={now.jobs} agents={now.agents} hasLoaded={now.hasLoaded} />
          <Notes
            // What is open belongs to its workspace.
            key={workspaceId}
            workspaceId={workspaceId}
            notes={now.notes}
            hasLoaded={now.hasLoaded}
            openId={address.note}
            onOpen={(id) => go({ ...address, note: id })}
            onChanged={() => live?.refresh('notes')}
          />
        </main>
      )}
      <nav className="tabs" aria-label="Parts of the workbench">
        {PANES.map(([name, label, icon]) => (
          <button
            key={name}
            type="button"
            aria-current={pane === name ? 'page' : undefined}
            onClick={() => show(name)}
          >
            {icon}
            {label}
          </button>
        ))}
      </nav>
      {dialog === 'help' && <Help onClose={() => setDialog(undefined)} />}
      {dialog === 'task' && workspaceId !== undefined && (
        <NewTask
          workspaceId={workspaceId}
          tasks={now.tasks}
          onClose={() => setDialog(undefined)}
          onCreated={() => live?.refresh('tasks')}
        />
      )}
      {task !== undefined && (
        <TaskDialog
          task={task}
          now={now}
          onOpen={(id) => go({ ...address, task: id })}
          onClose={() => go({ ...address, task: undefined })}
        />
      )}
      <Notices />
    </div>
  )
}

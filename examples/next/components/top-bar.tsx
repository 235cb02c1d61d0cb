import type { ReactNode } from 'react'
import { hueOf } from '@/lib/color'
import type { LiveStatus } from '@/lib/live'
import { ownName, useSetting } from '@/lib/settings'
import { Keys, Mark } from './icons'
import { ThemeSwitch } from './theme-switch'

export interface TopBarProps {
  readonly title: string | undefined
  readonly status: LiveStatus
  readonly crew: ReactNode
  readonly onHelp: () => void
}

const WORDS: Readonly<Record<LiveStatus, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  offline: 'Offline, trying again…',
  gone: 'Gone',
  refused: 'Refused',
}

export function TopBar({ title, status, crew, onHelp }: TopBarProps) {
  const name = useSetting(ownName, 'Guest')
  return (
    <header className="top">
      <span className="brand">
        <Mark />
        Terrace
      </span>
      <h1>{title ?? <span className="skeleton" />}</h1>
      <span className="live" data-status={status} role="status">
        {WORDS[status]}
      </span>
      <div className="top-tools">
        {crew}
        <label className="own-name" style={{ '--hue': hueOf(name) } as React.CSSProperties}>
          <span className="hidden">Your name, as others see it at a note</span>
          <input
            defaultValue={name}
            key={name}
            maxLength={24}
            autoComplete="off"
            onBlur={({ target }) => ownName.set(target.value.trim() || 'Guest')}
            onKeyDown={({ key, currentTarget }) => key === 'Enter' && currentTarget.blur()}
          />
        </label>
        <ThemeSwitch />
        <button type="button" className="tool" aria-label="Keyboard shortcuts" onClick={onHelp}>
          <Keys />
        </button>
      </div>
    </header>
  )
}

import { useSyncExternalStore } from 'react'
import { current, dismiss, type Notice, subscribe } from '@/lib/notices'
import { Close } from './icons'

const none: readonly Notice[] = []

export function Notices() {
  const notices = useSyncExternalStore(subscribe, current, () => none)
  return (
    <div className="notices" role="status">
      {notices.map(({ id, text }) => (
        <p key={id}>
          {text}
          <button type="button" className="tool small" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Close />
          </button>
        </p>
      ))}
    </div>
  )
}

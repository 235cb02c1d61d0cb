import { hasShortcuts, useSetting } from '@/lib/settings'
import { Dialog } from './dialog'

const KEYS = [
  ['N', 'New task'],
  ['C', 'Start or stop the crew'],
  ['G', 'Board or graph'],
  ['1', 'Tasks'],
  ['2', 'Queue'],
  ['3', 'Notes'],
  ['4', 'Team'],
  ['?', 'This list'],
  ['Esc', 'Closes what is open'],
] as const

export function Help({ onClose }: { readonly onClose: () => void }) {
  const isOn = useSetting(hasShortcuts, true)
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className="keys" data-on={isOn}>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input type="checkbox" checked={isOn} onChange={({ target }) => hasShortcuts.set(target.checked)} />
        Single keys do something
      </label>
      <p className="about">
        In a note, Tab leaves the editor. Everything else is reached by Tab, in reading order.
      </p>
    </Dialog>
  )
}

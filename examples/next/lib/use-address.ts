/** What is open, kept in the address, so that a page can be reloaded and sent to others. */

import { useCallback, useSyncExternalStore } from 'react'

export interface Address {
  readonly workspace?: string | undefined
  readonly note?: string | undefined
  readonly task?: string | undefined
}

const NAMES = ['workspace', 'note', 'task'] as const
const CHANGED = 'workbench.address'

export function useAddress(): readonly [Address, (next: Address) => void] {
  const search = useSyncExternalStore(
    subscribe,
    () => location.search,
    () => '',
  )
  const query = new URLSearchParams(search)
  const address: Address = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? undefined]))
  const go = useCallback((next: Address) => {
    const given = NAMES.flatMap((name) => (next[name] === undefined ? [] : [[name, next[name]]]))
    const text = new URLSearchParams(given).toString()
    const href = text === '' ? location.pathname : `?${text}`
    // Another workspace is another page; what is open in it is not.
    const isElsewhere = next.workspace !== new URLSearchParams(location.search).get('workspace')
    history[isElsewhere ? 'pushState' : 'replaceState'](null, '', href)
    window.dispatchEvent(new Event(CHANGED))
  }, [])
  return [address, go]
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener)
  window.addEventListener(CHANGED, listener)
  return () => {
    window.removeEventListener('popstate', listener)
    window.removeEventListener(CHANGED, listener)
  }
}

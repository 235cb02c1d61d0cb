/** Keys that do something wherever the focus is, but where somebody writes. */

import { useEffect, useRef } from 'react'
import { hasShortcuts } from './settings'

export type Shortcuts = Readonly<Record<string, () => void>>

export function useShortcuts(shortcuts: Shortcuts): void {
  const current = useRef(shortcuts)
  current.current = shortcuts
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (!hasShortcuts.get() || isWriting(event.target) || document.querySelector('dialog[open]')) return
      const act = current.current[event.key.toLowerCase()]
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

const WRITTEN_IN = 'input:not([type=radio], [type=checkbox]), textarea, select'

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches(WRITTEN_IN))
}

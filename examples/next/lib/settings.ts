/** What this browser remembers: one value each, told to all who use it. */

import { useSyncExternalStore } from 'react'

export interface Setting<T> {
  get(): T
  set(value: T): void
  subscribe(listener: () => void): () => void
}

/** `parse` answers undefined for what is none. */
function setting<T>(key: string, fallback: T, parse: (text: string) => T | undefined): Setting<T> {
  const name = `workbench.${key}`
  const listeners = new Set<() => void>()
  let value: T | undefined

  function get(): T {
    if (typeof window === 'undefined') return fallback
    if (value === undefined) {
      const text = localStorage.getItem(name)
      value = (text === null ? undefined : parse(text)) ?? fallback
    }
    return value
  }

  return {
    get,
    set(next) {
      value = next
      localStorage.setItem(name, String(next))
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function useSetting<T>(of: Setting<T>, onServer: T): T {
  return useSyncExternalStore(of.subscribe, of.get, () => onServer)
}

const oneOf =
  <const T extends string>(...values: readonly T[]) =>
  (text: string): T | undefined =>
    values.find((value) => value === text)

export type Theme = 'system' | 'light' | 'dark'
/** The page's head reads it, too, before anything is drawn: see `app/layout.tsx`. */
export const theme = setting<Theme>('theme', 'system', oneOf('system', 'light', 'dark'))
export const taskView = setting<'board' | 'graph'>('tasks', 'board', oneOf('board', 'graph'))
export const hasShortcuts = setting<boolean>('shortcuts', true, (text) => text === 'true')
/** As others see it at a note. */
export const ownName = setting<string>('name', 'Guest', (text) => text.trim() || undefined)

/** What a reader is told in passing: what was refused, above all. */

import { ApiError } from './api'

export interface Notice {
  readonly id: number
  readonly text: string
}

const SHOWN_MS = 7000

const listeners = new Set<() => void>()
let notices: readonly Notice[] = []
let lastId = 0

export function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const current = (): readonly Notice[] => notices

export function tell(text: string): void {
  const notice = { id: ++lastId, text }
  change([...notices.slice(-2), notice])
  setTimeout(() => dismiss(notice.id), SHOWN_MS)
}

export function dismiss(id: number): void {
  change(notices.filter((notice) => notice.id !== id))
}

function change(next: readonly Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

/** Does it, and tells why if the server refuses. Answers whether it was done. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    tell(`${error.message[0]?.toUpperCase()}${error.message.slice(1)}.`)
    return false
  }
}

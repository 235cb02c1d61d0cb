/** What can be measured: each group runs in a process of its own, so that none warms another's code. */

import type { Group } from './row.ts'

export interface GroupEntry {
  readonly name: string
  /** Whether it needs the libraries of `bench/package.json`. */
  readonly peers: boolean
  load(): Promise<() => Promise<Group>>
}

export const groups: readonly GroupEntry[] = [
  { name: 'sqlite', peers: false, load: async () => (await import('./groups/sqlite.ts')).sqlite },
  { name: 'postgres', peers: false, load: async () => (await import('./groups/postgres.ts')).postgres },
  { name: 'neon', peers: false, load: async () => (await import('./groups/neon.ts')).neon },
  { name: 'memory', peers: false, load: async () => (await import('./groups/memory.ts')).memory },
  { name: 'wire', peers: false, load: async () => (await import('./groups/wire.ts')).wire },
  { name: 'mastra', peers: true, load: async () => (await import('./groups/mastra.ts')).mastra },
  { name: 'notes', peers: true, load: async () => (await import('./groups/notes.ts')).notes },
  { name: 'served', peers: false, load: async () => (await import('./groups/served.ts')).served },
  { name: 'growth', peers: false, load: async () => (await import('./groups/growth.ts')).growth },
  { name: 'queue', peers: false, load: async () => (await import('./groups/queue.ts')).queue },
  {
    name: 'queue-peers',
    peers: true,
    load: async () => (await import('./groups/queue-peers.ts')).queuePeers,
  },
  {
    name: 'queue-waiting',
    peers: true,
    load: async () => (await import('./groups/queue-waiting.ts')).queueWaiting,
  },
  {
    name: 'queue-pickup',
    peers: true,
    load: async () => (await import('./groups/queue-pickup.ts')).queuePickup,
  },
  {
    name: 'queue-churn',
    peers: false,
    load: async () => (await import('./groups/queue-churn.ts')).queueChurn,
  },
  { name: 'queue-idle', peers: false, load: async () => (await import('./groups/queue-idle.ts')).queueIdle },
  { name: 'cold', peers: true, load: async () => (await import('./groups/cold.ts')).cold },
  { name: 'start', peers: true, load: async () => (await import('./groups/start.ts')).start },
]

/** Groups under one name. */
const sets: Readonly<Record<string, readonly string[]>> = {
  engines: ['sqlite', 'postgres', 'neon', 'memory', 'wire', 'mastra', 'growth', 'start', 'cold', 'served'],
  work: ['queue', 'queue-peers', 'queue-waiting', 'queue-pickup', 'queue-churn', 'queue-idle'],
}

/** The groups of these names and sets; all, when none is named. */
export function selectGroups(names: readonly string[]): readonly GroupEntry[] {
  if (names.length === 0) return groups
  const wanted = names.flatMap((name) => sets[name] ?? [name])
  for (const name of wanted) {
    if (!groups.some((group) => group.name === name)) {
      const known = [...Object.keys(sets), ...groups.map((group) => group.name)]
      throw new Error(`there is no group ${name}; known are ${known.join(', ')}`)
    }
  }
  return groups.filter(({ name }) => wanted.includes(name))
}

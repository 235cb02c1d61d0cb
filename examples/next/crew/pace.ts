/** How quick the crew is: `WORKBENCH_PACE=0.2` makes every pause a fifth as long. */
const PACE = Number(process.env.WORKBENCH_PACE ?? 1)

/** So many milliseconds at the usual pace, or until the signal fires. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds * PACE)
    signal.addEventListener('abort', end)
  })
}

/** From the first number up to the second. */
export function between(least: number, most: number): number {
  return least + Math.random() * (most - least)
}

export function oneOf<T>(all: readonly T[]): T {
  // The cast: none of the lists is empty.
  return all[Math.floor(Math.random() * all.length)] as T
}

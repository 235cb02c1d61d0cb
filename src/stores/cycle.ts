/** Things that wait for one another. */

/**
 * The first circle there is, as a path that ends where it begins; undefined if there is none.
 *
 * `waitsFor` may name what is not among `names`: that waits for nothing.
 */
export function findCycle(
  names: Iterable<string>,
  waitsFor: (name: string) => readonly string[],
): readonly string[] | undefined {
  const clear = new Set<string>()
  const path: string[] = []
  /** How far each name on the path has been followed. */
  const next: number[] = []
  for (const start of names) {
    if (clear.has(start)) continue
    path.push(start)
    next.push(0)
    while (path.length > 0) {
      const name = path.at(-1)!
      const other = waitsFor(name)[next[next.length - 1]!++]
      if (other === undefined) {
        clear.add(name)
        path.pop()
        next.pop()
      } else if (path.includes(other)) {
        return [...path.slice(path.indexOf(other)), other]
      } else if (!clear.has(other)) {
        path.push(other)
        next.push(0)
      }
    }
  }
  return undefined
}

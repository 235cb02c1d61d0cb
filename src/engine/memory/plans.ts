/** Compiled queries by shape; the least recently used ones are forgotten. */

const MOST = 500

export interface Plans {
  /** What `compile` made of the first query with this key. A key belongs to one kind of plan. */
  get<P>(key: string, compile: () => P): P
}

export function createPlans(): Plans {
  const byKey = new Map<string, unknown>()
  return {
    get<P>(key: string, compile: () => P): P {
      // What is kept under a key is what its one kind of `compile` returned.
      const known = byKey.get(key) as P | undefined
      if (known !== undefined) {
        // Only a full cache forgets, so only then does the order of use matter.
        if (byKey.size >= MOST) {
          byKey.delete(key)
          byKey.set(key, known)
        }
        return known
      }
      const plan = compile()
      if (byKey.size >= MOST) byKey.delete(byKey.keys().next().value!)
      byKey.set(key, plan)
      return plan
    },
  }
}

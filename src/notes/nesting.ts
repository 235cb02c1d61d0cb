/**
 * How deep an update would nest types in a document. Whoever walks a document, Yjs itself included, goes down by
 * recursion, and would run out of stack in one that was made for it.
 */

import * as Y from 'yjs'

type Struct = ReturnType<typeof Y.decodeUpdate>['structs'][number]

/**
 * The deepest type among these and those that wait for them, as far as is known what they are in; 0 if there is none.
 */
export function deepestOf({ store }: Y.Doc, structs: readonly Struct[]): number {
  const pending = store.pendingStructs
  if (pending === null && !structs.some(isType)) return 0
  const waiting = pending === null ? [] : Y.decodeUpdateV2(pending.update).structs
  const all = [...structs, ...waiting]
  const byClient = Map.groupBy(all, ({ id }) => id.client)
  for (const own of byClient.values()) own.sort((a, b) => a.id.clock - b.id.clock)
  /** How deep the list is that an item is in. */
  const depths = new Map<Y.Item, number>()

  function find(id: Y.ID): Y.Item | undefined {
    const found =
      id.clock < Y.getState(store, id.client) ? Y.getItem(store, id) : structAt(byClient.get(id.client), id)
    return found instanceof Y.Item ? found : undefined
  }

  function depthOf(item: Y.Item): number {
    const path: { readonly item: Y.Item; readonly down: number }[] = []
    let at: Y.Item | undefined = item
    while (at !== undefined && !depths.has(at)) {
      // For now: a stranger may have put items into one another.
      depths.set(at, 0)
      const above: Y.ID | null = idAbove(at)
      path.push({ item: at, down: above === null || isIn(at) ? 1 : 0 })
      at = above === null ? undefined : find(above)
    }
    let depth = at === undefined ? 0 : depths.get(at)!
    for (const { item, down } of path.reverse()) {
      depth += down
      depths.set(item, depth)
    }
    return depth
  }

  return all.reduce((deepest, struct) => (isType(struct) ? Math.max(deepest, depthOf(struct)) : deepest), 0)
}

function isType(struct: Struct): struct is Y.Item {
  return struct instanceof Y.Item && struct.content instanceof Y.ContentType
}

/** Whether what is above an item is what it is in, and not a neighbour in the same list. */
function isIn({ parent }: Y.Item): boolean {
  return parent !== null
}

/** What an item is in, or a neighbour of it; null for what is in no other one. */
function idAbove({ parent, origin, rightOrigin }: Y.Item): Y.ID | null {
  if (parent instanceof Y.ID) return parent
  if (parent instanceof Y.AbstractType) return parent._item?.id ?? null
  return typeof parent === 'string' ? null : (origin ?? rightOrigin)
}

function structAt(structs: readonly Struct[] | undefined, { clock }: Y.ID): Struct | undefined {
  if (structs === undefined) return undefined
  let [low, high] = [0, structs.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const struct = structs[middle]!
    if (clock < struct.id.clock) high = middle - 1
    else if (clock >= struct.id.clock + struct.length) low = middle + 1
    else return struct
  }
  return undefined
}

/**
 * A sorted collection that can be forked at no cost: a B+ tree whose nodes are copied before their first
 * change by a new owner. A transaction works on forks; what it does not touch it shares with everybody else.
 *
 * An item that has been deleted is forgotten entirely, so it may then be changed and added again elsewhere.
 */

export interface Sorted<T> {
  /** The item that is equal to this one. */
  find(item: T): T | undefined
  /** Adds an item; when an equal one is in the way, answers that and changes nothing. */
  add(item: T): T | undefined
  /** Puts an item in the place of the equal one. */
  replace(item: T): void
  delete(item: T): void
  /** Visits the items of a stretch in order, until `visit` answers false. */
  ascend(stretch: Stretch<T>, visit: (item: T) => boolean): void
  /** The same from the end of the stretch. */
  descend(stretch: Stretch<T>, visit: (item: T) => boolean): void
  /** The same items, from now on independent. */
  fork(): Sorted<T>
}

/** All items but the first ones that are `before` and the last ones that are `beyond`. */
export interface Stretch<T> {
  readonly before?: ((item: T) => boolean) | undefined
  readonly beyond?: ((item: T) => boolean) | undefined
}

/** A leaf holds items; a branch holds children and, for each, the least of its items. */
interface Node<T> {
  readonly owner: object
  readonly items: T[]
  readonly children: Node<T>[] | undefined
}

/** Most entries of a node, and the fewest before it is merged with a neighbour where that fits. */
const MOST = 64
const FEW = 16

type Compare<T> = (a: T, b: T) => number

export function createSorted<T>(compare: Compare<T>): Sorted<T> {
  return sortedFrom(compare, { owner: {}, items: [], children: undefined })
}

function sortedFrom<T>(compare: Compare<T>, start: Node<T>): Sorted<T> {
  let owner = {}
  let root = start

  function owned(node: Node<T>): Node<T> {
    return node.owner === owner
      ? node
      : { owner, items: node.items.slice(), children: node.children?.slice() }
  }

  function ownedChild(node: Node<T>, i: number): Node<T> {
    const child = owned(node.children![i]!)
    node.children![i] = child
    return child
  }

  /** Where the item is, or the complement of where it would be. */
  function search(items: readonly T[], item: T): number {
    let low = 0
    let high = items.length
    while (low < high) {
      // The end first: what is added most often is newer than all there is.
      const middle = high === items.length && low === 0 ? high - 1 : (low + high) >>> 1
      const sign = compare(items[middle]!, item)
      if (sign === 0) return middle
      if (sign < 0) low = middle + 1
      else high = middle
    }
    return ~low
  }

  /** The child that has or would have the item. The first one takes whatever is less than the second's least. */
  function childFor(node: Node<T>, item: T): number {
    const i = search(node.items, item)
    return i >= 0 ? i : Math.max(0, ~i - 1)
  }

  let inTheWay: T | undefined

  /** Adds to an owned node; answers what had to be split off to its right. */
  function addTo(node: Node<T>, item: T): Node<T> | undefined {
    const { items, children } = node
    let at: number
    if (children === undefined) {
      const i = search(items, item)
      if (i >= 0) {
        inTheWay = items[i]
        return undefined
      }
      at = ~i
      put(items, at, item)
    } else {
      const i = childFor(node, item)
      const child = ownedChild(node, i)
      const right = addTo(child, item)
      items[i] = child.items[0]!
      if (right === undefined) return undefined
      at = i + 1
      put(items, at, right.items[0]!)
      put(children, at, right)
    }
    if (items.length <= MOST) return undefined
    // What grows at its end stays full on the left.
    const half = at === items.length - 1 ? at : items.length >>> 1
    return { owner, items: items.splice(half), children: children?.splice(half) }
  }

  function deleteFrom(node: Node<T>, item: T): void {
    if (node.children === undefined) {
      const i = search(node.items, item)
      if (i >= 0) node.items.splice(i, 1)
      return
    }
    const i = childFor(node, item)
    const child = ownedChild(node, i)
    deleteFrom(child, item)
    if (child.items.length === 0) {
      drop(node, i)
      return
    }
    node.items[i] = child.items[0]!
    if (child.items.length < FEW && node.items.length > 1) merge(node, Math.max(0, i - 1))
  }

  function drop(node: Node<T>, i: number): void {
    node.items.splice(i, 1)
    node.children!.splice(i, 1)
  }

  /** Merges a child with its right neighbour, if one node can hold both with room to spare. */
  function merge(node: Node<T>, i: number): void {
    const right = node.children![i + 1]!
    if (node.children![i]!.items.length + right.items.length > MOST - FEW) return
    const left = ownedChild(node, i)
    left.items.push(...right.items)
    left.children?.push(...right.children!)
    drop(node, i + 1)
  }

  return {
    find(item) {
      let node = root
      while (node.children !== undefined) node = node.children[childFor(node, item)]!
      const i = search(node.items, item)
      return i < 0 ? undefined : node.items[i]
    },
    add(item) {
      inTheWay = undefined
      root = owned(root)
      const right = addTo(root, item)
      if (right !== undefined) {
        root = { owner, items: [root.items[0]!, right.items[0]!], children: [root, right] }
      }
      return inTheWay
    },
    replace(item) {
      let node = owned(root)
      root = node
      for (;;) {
        const i = search(node.items, item)
        // A least item is also in the branches above it.
        if (i >= 0) node.items[i] = item
        if (node.children === undefined) return
        node = ownedChild(node, i >= 0 ? i : Math.max(0, ~i - 1))
      }
    },
    delete(item) {
      root = owned(root)
      deleteFrom(root, item)
      while (root.children?.length === 1) root = root.children[0]!
      if (root.children?.length === 0) root = { owner, items: [], children: undefined }
    },
    ascend: ({ before, beyond }, visit) => void ascendIn(root, before, beyond, visit),
    descend: ({ before, beyond }, visit) => void descendIn(root, before, beyond, visit),
    fork() {
      // All nodes so far are shared from now on, so neither side may change them in place.
      owner = {}
      return sortedFrom(compare, root)
    },
  }
}

/** Moving by hand beats `splice`, which makes an array of what it removes. */
function put<T>(array: T[], at: number, item: T): void {
  array.push(item)
  for (let i = array.length - 1; i > at; i--) array[i] = array[i - 1]!
  array[at] = item
}

type Test<T> = ((item: T) => boolean) | undefined

function ascendIn<T>(node: Node<T>, before: Test<T>, beyond: Test<T>, visit: (item: T) => boolean): boolean {
  const { items, children } = node
  if (children === undefined) {
    // If the last item is not beyond the stretch, none is.
    const test = items.length > 0 && beyond?.(items.at(-1)!) ? beyond : undefined
    for (let i = before === undefined ? 0 : border(items, 0, before); i < items.length; i++) {
      if (test?.(items[i]!) || !visit(items[i]!)) return false
    }
    return true
  }
  let i = before === undefined ? 0 : border(items, 1, before) - 1
  if (!ascendIn(children[i]!, before, beyond, visit)) return false
  while (++i < children.length) if (!ascendIn(children[i]!, undefined, beyond, visit)) return false
  return true
}

function descendIn<T>(node: Node<T>, before: Test<T>, beyond: Test<T>, visit: (item: T) => boolean): boolean {
  const { items, children } = node
  const notBeyond = beyond === undefined ? undefined : (item: T) => !beyond(item)
  if (children === undefined) {
    const test = items.length > 0 && before?.(items[0]!) ? before : undefined
    for (let i = (notBeyond === undefined ? items.length : border(items, 0, notBeyond)) - 1; i >= 0; i--) {
      if (test?.(items[i]!) || !visit(items[i]!)) return false
    }
    return true
  }
  let i = (notBeyond === undefined ? children.length : border(items, 1, notBeyond)) - 1
  if (!descendIn(children[i]!, before, beyond, visit)) return false
  while (--i >= 0) if (!descendIn(children[i]!, before, undefined, visit)) return false
  return true
}

/** The place of the first item, from `low` on, for which the test does not hold any more. */
function border<T>(items: readonly T[], low: number, before: (item: T) => boolean): number {
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (before(items[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

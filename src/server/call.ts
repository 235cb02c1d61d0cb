/** One verb of a store, called as a stranger asked for it: by the table of what is served, and by nothing else. */

import { ValidationError } from '../errors.ts'
import type { Granted } from './access.ts'
import { encode } from './codec.ts'
import { HttpRefusal } from './refusals.ts'
import { type Served, surface, type Verb } from './surface.ts'

export interface Called {
  readonly store: string
  readonly verb: string
  /** As they came. */
  readonly args: readonly unknown[]
}

export interface CallLimits {
  readonly listRows: number
}

/** Rows of a list unless told, as stores have it. */
const USUAL = 50

/** Throws an `HttpRefusal` for what is not served. */
export function servedBy(store: string): Served {
  const served = surface[store]
  if (served === undefined) throw new HttpRefusal('NO_ROUTE', `there is no store ${JSON.stringify(store)}`)
  return served
}

/** The same. */
export function verbOf(store: string, verb: string): Verb {
  const found = servedBy(store).verbs[verb]
  if (found !== undefined) return found
  throw new HttpRefusal('NO_ROUTE', `${store} have no verb ${JSON.stringify(verb)} here`)
}

/** What the verb answers, as JSON keeps it; null where that is nothing. */
export async function call(
  { store, verb, args }: Called,
  { scope, actor }: Granted,
  { listRows }: CallLimits,
  signal: AbortSignal,
): Promise<unknown> {
  const { args: takes, options: allowed } = verbOf(store, verb)
  if (args.length > takes.length + 1) {
    throw new ValidationError(
      `${store}.${verb} takes at most ${takes.length} arguments and options, not ${args.length} in all`,
    )
  }
  const options = optionsOf(`${store}.${verb}`, allowed, args[takes.length])
  if ('limit' in allowed) options.limit = limitOf(`${store}.${verb}`, options.limit, listRows)
  if ('actor' in allowed) options.actor = actorOf(options.actor, actor)
  const decoded = takes.map((decode, i) => decode(args[i]))
  // The cast: the names are those of the stores, checked where they are listed.
  const stores = scope as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  const called = stores[store]?.[verb]
  if (typeof called !== 'function') throw new HttpRefusal('NO_ROUTE')
  const answer: unknown = await Reflect.apply(called, stores[store], [...decoded, { ...options, signal }])
  return encode(answer) ?? null
}

function optionsOf(name: string, allowed: Verb['options'], given: unknown): Record<string, unknown> {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new ValidationError(`${name}: options are an object`)
  }
  const options: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const decode = Object.hasOwn(allowed, key) ? allowed[key] : undefined
    if (decode === undefined) throw new ValidationError(`${name} has no option ${JSON.stringify(key)} here`)
    options[key] = decode(value)
  }
  return options
}

function limitOf(name: string, limit: unknown, most: number): unknown {
  if (limit === undefined) return most < USUAL ? most : undefined
  if (typeof limit !== 'number' || limit <= most) return limit
  throw new ValidationError(`${name}: a limit is at most ${most} here, not ${limit}`)
}

/** Nobody writes under another's name. Who has none says whose. */
function actorOf(asked: unknown, actor: string | undefined): unknown {
  if (actor === undefined || asked === undefined || asked === actor) return actor ?? asked
  throw new HttpRefusal('FORBIDDEN', `you write as ${JSON.stringify(actor)}, and as nobody else`)
}

/** Programs: what is done to a System, one step after the other. */

import fc from 'fast-check'
import { Border, ENGINE_BEGINNING, engineCall } from './engine-calls.ts'
import { Cursor, jump } from './inputs.ts'
import { show } from './show.ts'
import { BEGINNING, type Call, COURSES, storeCall } from './store-calls.ts'
import { mostly } from './values.ts'

/** A call made through the whole System, or one confined to this workspace. */
export interface CallStep extends Call {
  readonly does: 'call'
  readonly within: string | undefined
  /** In a transaction: on the System outside, which must be refused. */
  readonly outside: boolean
}

export interface TransactionStep {
  readonly does: 'transaction'
  readonly within: string | undefined
  readonly steps: readonly Step[]
  /** What the callback does with an error of a call, and at its end. */
  readonly onError: 'go on' | 'throw'
  readonly end: 'return' | 'throw'
}

/** Calls made at once that have nothing to do with each other, so that a tier may gather them. */
export interface TogetherStep {
  readonly does: 'together'
  readonly calls: readonly Call[]
}

export interface AdvanceStep {
  readonly does: 'advance'
  readonly milliseconds: number
}

export type Step = CallStep | TransactionStep | TogetherStep | AdvanceStep
export type Program = readonly Step[]

const within = mostly<string | undefined, string>(
  6,
  fc.constant(undefined),
  fc.constantFrom('w1', 'w1', 'w2', 'nobody'),
)

const anyCall = fc.oneof({ weight: 4, arbitrary: storeCall }, { weight: 1, arbitrary: engineCall })

const callStep = (outside: fc.Arbitrary<boolean>): fc.Arbitrary<CallStep> =>
  fc
    .tuple(anyCall, within, outside)
    .map(([call, within, outside]) => ({ does: 'call', ...call, within, outside }))

const outerCall = callStep(fc.constant(false))
const innerCall = callStep(fc.integer({ min: 0, max: 30 }).map((n) => n === 30))

const advance: fc.Arbitrary<AdvanceStep> = jump.map((milliseconds) => ({ does: 'advance', milliseconds }))

const transaction: fc.Arbitrary<TransactionStep> = fc.letrec<{ transaction: TransactionStep }>((tie) => ({
  transaction: fc.record({
    does: fc.constant('transaction' as const),
    within,
    steps: fc.array(
      fc.oneof(
        { withCrossShrink: true },
        { weight: 12, arbitrary: innerCall },
        { weight: 1, arbitrary: advance },
        { weight: 1, arbitrary: tie('transaction') },
      ),
      { maxLength: 5, depthIdentifier: 'transaction' },
    ),
    onError: fc.constantFrom('go on' as const, 'throw' as const),
    end: fc.constantFrom('return' as const, 'return' as const, 'throw' as const),
  }),
})).transaction

const READS: Readonly<Record<string, readonly string[]>> = {
  teams: ['get', 'getMany', 'count'],
  agents: ['get', 'list', 'listByParent'],
  roles: ['get', 'list'],
  tasks: ['get', 'getMany', 'ready', 'count'],
  messages: ['get', 'last', 'count'],
  notes: ['get', 'list', 'count'],
}
const isRead = ({ store, verb }: Call) => READS[store]?.includes(verb) === true
const isCreate = ({ store, verb }: Call) => verb === 'create' && READS[store] !== undefined

/** Reads, or new rows with ids of their own: no two of them can be in each other's way. */
const together: fc.Arbitrary<TogetherStep> = fc
  .oneof(
    fc.array(storeCall.filter(isRead), { minLength: 2, maxLength: 5 }),
    fc
      .array(storeCall.filter(isCreate), { minLength: 2, maxLength: 5 })
      .map((calls) => calls.map((call, i) => ({ ...call, args: [withoutClashes(call.args[0], `n${i}`)] }))),
  )
  .map((calls) => ({ does: 'together', calls }))

function withoutClashes(input: unknown, id: string): unknown {
  if (typeof input !== 'object' || input === null) return input
  return 'key' in input ? { ...input, id, key: id } : { ...input, id }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { withCrossShrink: true },
  { weight: 30, arbitrary: outerCall },
  { weight: 2, arbitrary: advance },
  { weight: 3, arbitrary: transaction },
  { weight: 1, arbitrary: together },
)

/** A task on its way, which single verbs seldom lead far. */
const course: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.constantFrom('k1', 'k2', 'k3', 'k4'), fc.constantFrom(...COURSES))
  .map(([id, verbs]) => verbs.map((verb) => plainly({ store: 'tasks', verb, args: [id] })))

const plainly = (call: Call): Step => ({ does: 'call', ...call, within: undefined, outside: false })

const beginning = mostly(
  3,
  fc.constant([...BEGINNING, ...ENGINE_BEGINNING]),
  fc.subarray([...BEGINNING, ...ENGINE_BEGINNING]),
).map((calls) => calls.map(plainly))

export const program: fc.Arbitrary<Program> = fc
  .tuple(
    beginning,
    fc.array(
      mostly(
        15,
        step.map((each) => [each]),
        course,
      ),
      { maxLength: 40, size: 'max' },
    ),
  )
  .map(([first, then]) => [...first, ...then.flat()])

// ---------------------------------------------------------------- as text

export function describeStep(step: Step): string {
  switch (step.does) {
    case 'advance':
      return `clock.advance(${step.milliseconds})`
    case 'together':
      return `at once: ${step.calls.map(describeCall).join('; ')}`
    case 'call':
      return `${step.outside ? 'outside ' : ''}${place(step.within)}${describeCall(step)}`
    case 'transaction': {
      const steps = step.steps.map((inner) => `  ${describeStep(inner).replaceAll('\n', '\n  ')}`)
      const ends = `  ${step.end}${step.onError === 'throw' ? ', or throws the first error' : ''}`
      return [`${place(step.within)}transaction`, ...steps, ends].join('\n')
    }
  }
}

const place = (within: string | undefined) => (within === undefined ? '' : `in(${JSON.stringify(within)}).`)
const describeCall = ({ store, verb, args }: Call) => `${store}.${verb}(${args.map(showArgument).join(', ')})`

/** As `show`, but for what only arguments are: tables, operators, functions, cursors. */
function showArgument(value: unknown): string {
  if (typeof value === 'function') return value.name || 'function'
  if (typeof value !== 'object' || value === null) return show(value)
  if (value instanceof Cursor) return `<cursor ${value.back}>`
  if (value instanceof Border) return `<row ${value.row}>`
  if (value instanceof Date || value instanceof Uint8Array) return show(value)
  if (Array.isArray(value))
    return value.length > 20 ? `[… ${value.length}]` : `[${value.map(showArgument).join(', ')}]`
  if ('columnList' in value && 'name' in value) return String(value.name)
  const fields = Reflect.ownKeys(value).map((key) => {
    const name = typeof key === 'symbol' ? '' : /^\w+$/.test(key) ? `${key}: ` : `${JSON.stringify(key)}: `
    return name + showArgument((value as Record<string | symbol, unknown>)[key])
  })
  return `{ ${fields.join(', ')} }`
}

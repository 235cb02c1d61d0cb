/**
 * JSON as every tier keeps it. Values are checked and copied on the way in, with their keys in the order that
 * Postgres' `jsonb` gives them, so that what comes out does not depend on where it was.
 */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}

/** Deeper than any honest document, shallower than any parser's stack. */
export const JSON_DEPTH = 200

/** Thrown by `canonicalJson`; the codec turns it into a `ValidationError` that names table and column. */
export class JsonRefusal extends Error {}

/** A checked deep copy of `value` with canonical key order. Properties that are `undefined` are left out. */
export function canonicalJson(value: unknown, depth = 0): JsonValue {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return checkedString(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new JsonRefusal(`${value} is not JSON`)
    if (Object.is(value, -0)) throw new JsonRefusal('-0 does not survive a round trip')
    return value
  }
  if (typeof value !== 'object') throw new JsonRefusal(`a ${typeof value} is not JSON`)
  if (depth >= JSON_DEPTH) throw new JsonRefusal(`it is cyclic or nested deeper than ${JSON_DEPTH} levels`)
  if (Array.isArray(value)) {
    const copy = new Array<JsonValue>(value.length)
    // By index: holes must be refused, and map() would skip them.
    for (let i = 0; i < value.length; i++) copy[i] = canonicalJson(value[i], depth + 1)
    return copy
  }
  const prototype = Object.getPrototypeOf(value)
  // Objects of other realms have another `Object.prototype`, which has no prototype either.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new JsonRefusal(`a ${value.constructor?.name ?? 'class instance'} is not JSON`)
  }
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw new JsonRefusal('an object with symbols is not JSON')
  const source = value as Record<string, unknown>
  const keys = Object.keys(source)
  for (const key of keys) {
    if (key === '__proto__') throw new JsonRefusal('a key may not be __proto__')
    checkedString(key)
  }
  const copy: Record<string, JsonValue> = {}
  for (const key of keys.sort(jsonbKeyOrder)) {
    const item = source[key]
    if (item !== undefined) copy[key] = canonicalJson(item, depth + 1)
  }
  return copy
}

/** Top-level merge of a checked patch: a key is replaced whole, and `null` removes it. */
export function mergeJson(target: JsonValue | null, patch: JsonObject): JsonObject {
  const base = isJsonObject(target) ? target : {}
  const merged: Record<string, JsonValue | undefined> = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else if (value !== undefined) merged[key] = value
  }
  const sorted: Record<string, JsonValue | undefined> = {}
  for (const key of Object.keys(merged).sort(jsonbKeyOrder)) sorted[key] = merged[key]
  return sorted
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A deep copy of a value that is known to be JSON. */
export function copyJson<T extends JsonValue | undefined>(value: T): T
export function copyJson(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => copyJson(item))
  const copy: Record<string, JsonValue | undefined> = {}
  for (const key in value) copy[key] = copyJson((value as JsonObject)[key])
  return copy
}

function checkedString(value: string): string {
  if (value.includes('\0')) throw new JsonRefusal('text may not contain NUL')
  if (!value.isWellFormed()) throw new JsonRefusal('text may not contain a lone surrogate')
  return value
}

/** jsonb sorts keys by length in bytes, then by bytes. */
function jsonbKeyOrder(a: string, b: string): number {
  return Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b))
}

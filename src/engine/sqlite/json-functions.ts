/** JSON functions that SQLite lacks: its own `json_patch` merges deeply and drops nulls. */

import { isJsonObject, type JsonObject, mergeJson } from '../../schema/dsl/json.ts'

/** `text` with the top-level keys of `patch` replaced, or removed where null. Null stays null. */
export function mergeJsonText(text: unknown, patch: unknown): string {
  const target = typeof text === 'string' ? JSON.parse(text) : null
  return JSON.stringify(mergeJson(target, JSON.parse(patch as string) as JsonObject))
}

export function hasJsonKey(text: unknown, key: unknown): 0 | 1 {
  if (typeof text !== 'string') return 0
  const value: unknown = JSON.parse(text)
  return isJsonObject(value) && Object.hasOwn(value, key as string) ? 1 : 0
}

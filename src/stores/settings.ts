/**
 * Named JSON values, grouped by scope. Scopes are the caller's words; `workspace:<id>` and `workspace:<id>:…`
 * belong to that workspace, up to the next colon, and are deleted with it.
 */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { merge } from '../engine/query.ts'
import { ValidationError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../schema/dsl/json.ts'
import { checkJsonPatch } from '../schema/dsl/values.ts'
import { type Setting, settings } from '../schema/settings.ts'
import { BUMP, countRows, type ListOptions, listPage, type Page } from './store.ts'

export interface SettingStore {
  /** The value, or null if there is none. */
  get(scope: string, key: string, options?: CallOptions): Promise<JsonValue>
  /** Replaces the value whole and answers it as stored; null deletes it. */
  set(scope: string, key: string, value: JsonValue, options?: CallOptions): Promise<JsonValue>
  /**
   * Replaces top-level keys of an object and answers the whole; null removes a key. Others, also those being
   * merged meanwhile, are kept. What is no object yet becomes one.
   */
  merge(scope: string, key: string, patch: JsonObject, options?: CallOptions): Promise<JsonObject>
  /** A page of a scope's settings, by key unless ordered otherwise. */
  list(scope: string, options?: ListOptions<typeof settings>): Promise<Page<Setting>>
  /** How many settings the scope has. */
  count(scope: string, options?: CallOptions): Promise<number>
  /** Whether there was a value to delete. */
  delete(scope: string, key: string, options?: CallOptions): Promise<boolean>
}

export function createSettingStore(engine: Engine): SettingStore {
  /** What a new row has besides its value. */
  const place = (scope: string, key: string) => ({
    scope,
    key,
    workspaceId: workspaceOf(scope),
    updatedAt: engine.now(),
  })

  async function remove(scope: string, key: string, options?: CallOptions): Promise<boolean> {
    const removed = await engine.remove(settings, { where: whereKey(scope, key) }, options)
    return removed.length > 0
  }

  return {
    async get(scope, key, options) {
      const [row] = await engine.find(settings, { where: whereKey(scope, key), limit: 1 }, options)
      return row === undefined ? null : row.value
    },

    async set(scope, key, value, options) {
      if (value === null) {
        await remove(scope, key, options)
        return null
      }
      const row = { ...place(checkText(scope, 'scope'), key), value }
      const set = { value, version: BUMP, updatedAt: row.updatedAt }
      const [stored] = await engine.insert(settings, [row], {
        signal: options?.signal,
        onConflict: { columns: ['scope', 'key'], set },
      })
      return stored!.value
    },

    async merge(scope, key, patch, options) {
      const checked = checkJsonPatch(settings, settings.columns.value, patch)
      const value = Object.fromEntries(Object.entries(checked).filter(([, item]) => item !== null))
      const row = { ...place(checkText(scope, 'scope'), key), value }
      const set = { value: merge(checked), version: BUMP, updatedAt: row.updatedAt }
      const [stored] = await engine.insert(settings, [row], {
        signal: options?.signal,
        onConflict: { columns: ['scope', 'key'], set },
      })
      // The cast: a merge leaves an object.
      return stored!.value as JsonObject
    },

    async list(scope, options = {}) {
      const where = { scope: checkText(scope, 'scope') }
      return listPage(engine, settings, where, where, [['key', 'asc']], options)
    },

    async count(scope, options) {
      return countRows(engine, settings, { scope: checkText(scope, 'scope') }, options)
    },

    delete: remove,
  }
}

/** Null, and not undefined, where there is none: a confined engine would fill in its own. */
function workspaceOf(scope: string): string | null {
  return /^workspace:([^:]+)(?::|$)/.exec(scope)?.[1] ?? null
}

function whereKey(scope: string, key: string) {
  return { scope: checkText(scope, 'scope'), key: checkText(key, 'key') }
}

/** In a condition, `undefined` would match every row. */
function checkText(value: unknown, column: 'scope' | 'key'): string {
  if (typeof value === 'string') return value
  throw new ValidationError(`settings.${column} is text, not ${typeof value}`, settings.name, column)
}

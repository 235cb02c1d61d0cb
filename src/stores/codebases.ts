/** Repositories that agents work in, known by their path. A workspace has at most one default. */

import type { CallOptions, Engine } from '../engine/engine.ts'
import { merge, ne, oneOfThese, type Where } from '../engine/query.ts'
import { AlreadyExistsError, ValidationError } from '../errors.ts'
import { type Codebase, codebases } from '../schema/codebases.ts'
import type { JsonValue } from '../schema/dsl/json.ts'
import { ancestorsOf, normalizePath } from './paths.ts'
import {
  ATTEMPTS,
  changes,
  contended,
  defineStore,
  type Filter,
  idOf,
  matching,
  type NewOf,
  newRow,
  notFound,
  type PatchOf,
  type StoreVerbs,
  stamped,
  storeVerbs,
} from './store.ts'

const definition = defineStore(codebases, { owned: ['isDefault'], where: codebaseWhere })

export type NewCodebase = NewOf<typeof definition>
export type CodebasePatch = PatchOf<typeof definition>
export type CodebaseFilter = Filter<typeof codebases>

/** Paths are absolute and kept in one spelling: `/srv//app/` is `/srv/app`, and `..` is refused. */
export interface CodebaseStore
  extends StoreVerbs<typeof codebases, NewCodebase, CodebasePatch, CodebaseFilter> {
  /**
   * Creates the codebase, or changes the one at this path as `update` would by what is given. However many
   * register a path at once, there is one codebase.
   */
  register(input: NewCodebase, options?: CallOptions): Promise<Codebase>
  /** The codebase that a path lies in: the one registered for the nearest folder around it, or null. */
  findByPath(workspaceId: string, path: string, options?: CallOptions): Promise<Codebase | null>
  /** Makes it the only default of its workspace. Throws `NotFoundError`. */
  setDefault(id: string, options?: CallOptions): Promise<Codebase>
  /** Sets one command; others, also those being set meanwhile, are kept. Throws `NotFoundError`. */
  setCommand(id: string, name: string, command: JsonValue, options?: CallOptions): Promise<Codebase>
  /** Removes one command, if there is such. Throws `NotFoundError`. */
  removeCommand(id: string, name: string, options?: CallOptions): Promise<Codebase>
}

export function createCodebaseStore(engine: Engine): CodebaseStore {
  const verbs = storeVerbs(engine, definition)

  async function changeCommand(
    id: string,
    name: string,
    command: JsonValue,
    options?: CallOptions,
  ): Promise<Codebase> {
    if (typeof name !== 'string' || name === '') {
      throw new ValidationError('codebases.commands: a command needs a name', codebases.name, 'commands')
    }
    const set = stamped<typeof codebases>(engine, { commands: merge({ [name]: command }) })
    const [row] = await engine.update(codebases, { where: { id: idOf(codebases, id) }, set }, options)
    return row ?? notFound(codebases, id)
  }

  return {
    ...verbs,

    async create(input, options) {
      const row = newRow(engine, definition, input)
      row.path = normalizePath(codebases.name, row.path)
      const [codebase] = await engine.insert(codebases, [row], options)
      return codebase!
    },

    async update(id, patch, options) {
      if (patch?.path === undefined) return verbs.update(id, patch, options)
      return verbs.update(id, { ...patch, path: normalizePath(codebases.name, patch.path) }, options)
    },

    async register(input, options) {
      const row = newRow(engine, definition, input)
      row.path = normalizePath(codebases.name, row.path)
      const { id: _id, workspaceId: _workspaceId, path: _path, ...given } = input
      const set = stamped<typeof codebases>(engine, changes(codebases, given, definition.closed) ?? {})
      const [codebase] = await engine.insert(codebases, [row], {
        signal: options?.signal,
        onConflict: { columns: ['workspaceId', 'path'], set },
      })
      return codebase!
    },

    async findByPath(workspaceId, path, options) {
      const ancestors = ancestorsOf(normalizePath(codebases.name, path))
      const [nearest] = await engine.find(
        codebases,
        {
          where: { workspaceId: idOf(codebases, workspaceId), path: oneOfThese(ancestors) },
          // Each is a prefix of the next longer one, and so sorts before it.
          orderBy: [['path', 'desc']],
          limit: 1,
        },
        options,
      )
      return nearest ?? null
    },

    async setDefault(id, options) {
      let before: unknown
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        try {
          return await engine.transaction((tx) => makeDefault(tx, idOf(codebases, id)), options)
        } catch (error) {
          // Another became the default in between, where there was none to wait for. The very same error once
          // more is that of a transaction around, which cannot be tried again from here.
          if (!(error instanceof AlreadyExistsError) || error === before) throw error
          before = error
        }
      }
      throw contended(codebases, id)
    },

    setCommand: (id, name, command, options) => changeCommand(id, name, command, options),
    removeCommand: (id, name, options) => changeCommand(id, name, null, options),
  }
}

async function makeDefault(tx: Engine, id: string): Promise<Codebase> {
  const { workspaceId } = (await tx.get(codebases, id)) ?? notFound(codebases, id)
  await tx.update(codebases, {
    where: { workspaceId, isDefault: true, id: ne(id) },
    set: stamped(tx, { isDefault: false }),
  })
  const [row] = await tx.update(codebases, { where: { id }, set: stamped(tx, { isDefault: true }) })
  return row ?? notFound(codebases, id)
}

/** By paths in any spelling. */
function codebaseWhere({ path, ...columns }: Filter<typeof codebases>): Where<typeof codebases> {
  const paths = Array.isArray(path) ? path.map(spelled) : spelled(path)
  return matching(codebases, { ...columns, path: paths })
}

/** What is no path is left as it is: there is none such. */
function spelled(path: unknown): unknown {
  try {
    return normalizePath(codebases.name, path)
  } catch {
    return path
  }
}

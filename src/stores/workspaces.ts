/** Projects and companies. Everything else belongs to one, and is deleted with it. */

import type { CallOptions, Engine } from '../engine/engine.ts'
import type { Where } from '../engine/query.ts'
import { ValidationError } from '../errors.ts'
import { settings } from '../schema/settings.ts'
import { type Workspace, workspaces } from '../schema/workspaces.ts'
import {
  ATTEMPTS,
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

export interface WorkspaceFilter extends Filter<typeof workspaces> {
  /** Only archived ones; without it, and without a `status`, archived ones are left out. */
  readonly archived?: boolean | undefined
  /** Archived ones too. */
  readonly includeArchived?: boolean | undefined
}

const definition = defineStore(workspaces, { fixed: ['status'], where: workspaceWhere })

export type NewWorkspace = Omit<NewOf<typeof definition>, 'slug'> & {
  /** Unique among all workspaces; the id, unless given. */
  readonly slug?: string | undefined
}
export type WorkspacePatch = PatchOf<typeof definition>

export interface WorkspaceStore
  extends StoreVerbs<typeof workspaces, NewWorkspace, WorkspacePatch, WorkspaceFilter> {
  /** Hides it from lists. Throws `NotFoundError`. */
  archive(id: string, options?: CallOptions): Promise<Workspace>
  /** Shows it in lists again. Throws `NotFoundError`. */
  unarchive(id: string, options?: CallOptions): Promise<Workspace>
  /** The workspace whose slug is `default`, which is made if need be: once, however many ask. */
  ensureDefault(options?: CallOptions & { readonly title?: string | undefined }): Promise<Workspace>
}

export function createWorkspaceStore(engine: Engine): WorkspaceStore {
  async function setStatus(
    id: string,
    status: Workspace['status'],
    options?: CallOptions,
  ): Promise<Workspace> {
    const where = { id: idOf(workspaces, id) }
    const [row] = await engine.update(workspaces, { where, set: stamped(engine, { status }) }, options)
    return row ?? notFound(workspaces, id)
  }

  return {
    ...storeVerbs(engine, definition),

    async create(input, options) {
      const row = newRow(engine, definition, input)
      if (typeof row.id === 'string' && row.id.includes(':')) {
        throw new ValidationError(
          'workspaces.id may not contain a colon, which ends it in the scopes of settings',
          workspaces.name,
          'id',
        )
      }
      if (row.slug === undefined) row.slug = row.id
      const [workspace] = await engine.insert(workspaces, [row], options)
      return workspace!
    },

    archive: (id, options) => setStatus(id, 'archived', options),
    unarchive: (id, options) => setStatus(id, 'active', options),

    async ensureDefault({ title = 'Default', signal } = {}) {
      const slug = 'default'
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const row = newRow(engine, definition, { title, slug })
        const [made] = await engine.insert(workspaces, [row], { signal, onConflict: { columns: ['slug'] } })
        if (made !== undefined) return made
        const [found] = await engine.find(workspaces, { where: { slug }, limit: 1 }, { signal })
        if (found !== undefined) return found
        // Deleted in between.
      }
      throw contended(workspaces, slug)
    },

    delete(id, options) {
      return engine.transaction(async (tx) => {
        // Settings refer to their workspace by scope, so nothing takes them along.
        await tx.remove(settings, { where: { workspaceId: idOf(workspaces, id) } })
        const removed = await tx.remove(workspaces, { where: { id } })
        return removed.length > 0
      }, options)
    },
  }
}

function workspaceWhere({
  archived,
  includeArchived,
  ...columns
}: WorkspaceFilter): Where<typeof workspaces> {
  const where = matching(workspaces, columns)
  if (archived === true) where.status = 'archived'
  else if (includeArchived !== true && columns.status === undefined) where.status = 'active'
  return where
}

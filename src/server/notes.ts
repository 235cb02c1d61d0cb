/** Live notes of a handler: `terrace/sync`, for whoever the handler's own grant lets in. */

import { loadPeer } from '../engine/drivers.ts'
import type { AccessRequest, Access as SyncAccess, SyncLimits, SyncServer } from '../sync/index.ts'
import type { Grant } from './access.ts'
import { HttpRefusal } from './refusals.ts'

export interface LiveNotes {
  /** Throws `HttpRefusal` for whom the grant refuses. */
  fetch(request: Request): Promise<Response>
  /** Rejects without Yjs. */
  server(): Promise<SyncServer>
  close(): Promise<void>
}

export interface LiveNotesOptions {
  readonly path: string
  readonly grant: Grant
  readonly limits: Partial<SyncLimits> | undefined
  readonly heartbeatMs: number
  readonly onError: (error: unknown) => void
}

export function createLiveNotes({ path, grant, limits, heartbeatMs, onError }: LiveNotesOptions): LiveNotes {
  /** Why the sync server was told no. */
  const refusals = new WeakMap<Request, HttpRefusal>()
  /** Whose notes those are that are followed, by note; of the request that it began with. */
  const followedIn = new WeakMap<Request, Map<string, string | undefined>>()
  let sync: Promise<SyncServer> | undefined

  function server(): Promise<SyncServer> {
    // Only now: it needs Yjs, which an application without notes need not have.
    sync ??= loadPeer('yjs', 'live notes', () => import('../sync/index.ts')).then(
      ({ createSyncServer }) =>
        createSyncServer({
          path,
          // Who may ask at all was looked at before.
          origins: () => true,
          limits,
          heartbeatMs,
          onError,
          authorize,
        }),
      (error: unknown) => {
        sync = undefined
        throw error
      },
    )
    return sync
  }

  async function authorize({ request, noteId, token, isRecheck }: AccessRequest): Promise<SyncAccess | null> {
    try {
      const { scope, workspaceId, mayWrite, actor } = await grant(request, { kind: 'sync', noteId, token })
      const before = followedIn.get(request) ?? new Map()
      followedIn.set(request, before)
      // A note stays the one that it was, whoever its reader has become.
      if (isRecheck && before.get(noteId) !== workspaceId) throw new HttpRefusal('FORBIDDEN')
      before.set(noteId, workspaceId)
      return { notes: scope.notes, write: mayWrite, actor: actor ?? null }
    } catch (error) {
      if (!(error instanceof HttpRefusal)) throw error
      refusals.set(request, error)
      return null
    }
  }

  return {
    async fetch(request) {
      const response = await (await server()).fetch(request)
      const refusal = refusals.get(request)
      if (refusal !== undefined) throw refusal
      return response
    },
    server,
    async close() {
      await (await sync?.catch(() => undefined))?.close()
    },
  }
}

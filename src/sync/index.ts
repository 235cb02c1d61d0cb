/** The sync server: notes for any Yjs client, over WebSockets or plain HTTP. */

export type { Access, AccessRequest, Authorize, Origins } from './access.ts'
export type { Rate, SyncLimits } from './limits.ts'
export type { SyncChanges, SyncNotes, SyncPresence } from './notes.ts'
export { createSyncServer, type SyncServer, type SyncServerOptions } from './server.ts'

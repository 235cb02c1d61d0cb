/** Terrace over HTTP: stores, events and live notes, for whatever speaks `Request` and `Response`. */

export type { Access, Action, Authorize, AuthorizeRequest } from './access.ts'
export { createHandler, type Handler, type HandlerOptions } from './handler.ts'
export type { HandlerLimits } from './limits.ts'
export { nodeListener } from './node.ts'

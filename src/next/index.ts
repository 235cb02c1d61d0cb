/** Terrace in a Next.js app: one catch-all route, `app/api/terrace/[...path]/route.ts`, and its configuration. */

export { withTerrace } from './config.ts'
export { createRoutes, type Routes, type RoutesOptions } from './routes.ts'

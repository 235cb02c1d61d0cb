/** Terrace in a Next.js app: one catch-all route, `app/api/terrace/[...path]/route.ts`. */

export { createRoutes, type Routes, type RoutesOptions } from './routes.ts'

/**
 * What bundlers for the edge runtime get in the place of `terrace/next`: a sentence, and nothing that needs Node, which
 * would fail their build.
 */

import type { Routes } from './routes.ts'
import { unsupported } from './unsupported.ts'

export { withTerrace } from './config.ts'

export function createRoutes(): Routes {
  const route = async () => unsupported()
  return { GET: route, HEAD: route, POST: route, OPTIONS: route }
}

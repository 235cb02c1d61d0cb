import { createRoutes } from 'terrace/next'

export const dynamic = 'force-dynamic'

export const { GET, HEAD, POST, OPTIONS } = createRoutes()

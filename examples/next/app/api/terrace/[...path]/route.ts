import { createRoutes } from 'terrace/next'
import { authorize } from '@/lib/access'

export const dynamic = 'force-dynamic'

export const { GET, HEAD, POST, OPTIONS } = createRoutes({ authorize })

import { enter } from '@/lib/access'

export const dynamic = 'force-dynamic'

export const GET = (request: Request): Response => enter(request)

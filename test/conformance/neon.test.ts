import { bind } from './bind.ts'

bind('neon')

import { bind } from './bind.ts'

bind('server')

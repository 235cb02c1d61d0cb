import { bind } from './bind.ts'

bind('memory')

import { bind } from './bind.ts'

bind('sqlite')

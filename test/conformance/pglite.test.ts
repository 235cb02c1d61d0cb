import { bind } from './bind.ts'

bind('pglite')

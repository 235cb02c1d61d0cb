import { bind } from './bind.ts'

bind('postgres')

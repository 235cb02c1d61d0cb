/** Every mutant, by theme. */

import { backgroundTaskMutants } from './background-tasks.ts'
import { listMutants } from './lists.ts'
import type { Mutant } from './mutant.ts'
import { noteMutants } from './notes.ts'
import { sourceMutants } from './sources.ts'
import { storeMutants } from './stores.ts'
import { taskMutants } from './tasks.ts'
import { transactionMutants } from './transactions.ts'
import { valueMutants } from './values.ts'
import { workspaceMutants } from './workspaces.ts'
import { writeMutants } from './writes.ts'

export const mutants: readonly Mutant[] = [
  ...valueMutants,
  ...listMutants,
  ...writeMutants,
  ...transactionMutants,
  ...workspaceMutants,
  ...storeMutants,
  ...taskMutants,
  ...backgroundTaskMutants,
  ...noteMutants,
  ...sourceMutants.map(({ file, from, to, ...mutant }) => ({ ...mutant, source: { file, from, to } })),
]

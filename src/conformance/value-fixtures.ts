/** Values that every kind of column has to cope with, and a row to try them on. */

import { newWorkspace } from './expect.ts'
import type { Context } from './scenario.ts'

export const MOST = Number.MAX_SAFE_INTEGER

/** Not text that a database could keep. */
export const BROKEN_TEXTS = ['\0', 'a\0b', '\ud800', '\udc00\ud800', 'tail \ud83d']

export async function newTask({ system }: Pick<Context, 'system'>, more: object = {}) {
  return system.tasks.create({ workspaceId: await newWorkspace(system), title: 'T', ...more })
}

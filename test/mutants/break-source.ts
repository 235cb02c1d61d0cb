/** Changes a file of `src` as it is loaded, in a process that has loaded nothing of it before. */

import { registerHooks } from 'node:module'

export interface SourceBreak {
  /** Under `src`. */
  readonly file: string
  /** What is there once, and what is there instead. */
  readonly from: string
  readonly to: string
}

export function breakSource({ file, from, to }: SourceBreak): void {
  const target = new URL(`../../src/${file}`, import.meta.url).href
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (url !== target) return loaded
      return { ...loaded, source: replaced(String(loaded.source), { file, from, to }) }
    },
  })
}

export function replaced(source: string, { file, from, to }: SourceBreak): string {
  const parts = source.split(from)
  if (parts.length === 2) return parts.join(to)
  throw new Error(`a mutant changes what is ${parts.length - 1} times in src/${file}, not once: ${from}`)
}

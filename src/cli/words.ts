/** Text on its way to a person. */

import { styleText } from 'node:util'
import type { Io, Sink } from './io.ts'

/**
 * Messages name what was set by where it was set, and on a command line `options.url` is `--url`. What looks like the
 * credentials of a URL is taken out of them: a URL may stand where a command expects another word, and be repeated.
 */
export function forPeople(message: string): string {
  return withoutCredentials(
    message
      .replaceAll(/\boptions\.desktop(\.\w+)?/g, '--identifier')
      .replaceAll(/\boptions\.(url|driver|path|app|fallback|instance|migrate)\b/g, '--$1'),
  )
}

/** Up to the last `@`: a password may have one itself. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/:\/\/\S*@/g, '://…@')
}

export type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow' | 'red', text: string) => string

/** Colours for a terminal, unless `NO_COLOR` says otherwise. */
export function painter({ env }: Pick<Io, 'env'>, { isTTY }: Sink): Paint {
  const plain = !isTTY || Boolean(env.NO_COLOR) || env.TERM === 'dumb'
  return (style, text) => (plain ? text : styleText(style, text, { validateStream: false }))
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

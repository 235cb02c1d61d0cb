/** What FTS5 is asked for, so that it proposes every row whose text contains another. */

/** More hardly narrow it down, and a text may be long. */
const MOST = 32

/** An FTS5 query for all of the text's runs of three characters, of which there must be one. */
export function trigramsOf(text: string): string {
  const terms = new Set<string>()
  const last: string[] = []
  for (const character of text) {
    last.push(character)
    if (last.length < 3) continue
    terms.add(`"${last.join('').replaceAll('"', '""')}"`)
    if (terms.size === MOST) break
    last.shift()
  }
  return [...terms].join(' AND ')
}

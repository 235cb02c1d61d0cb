/** Where characters, as people see them, begin and end: an emoji of several parts is one, and so is é. */

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** No character is cut in two by a cut here. */
export function isBoundary(text: string, index: number): boolean {
  if (index <= 0 || index >= text.length) return index === 0 || index === text.length
  // Two letters of ASCII never belong together, but for CR and LF.
  const [before, after] = [text.charCodeAt(index - 1), text.charCodeAt(index)]
  if (before < 0x300 && after < 0x300) return !(before === 13 && after === 10)
  const from = lineStart(text, index)
  return segmenter.segment(text.slice(from, index + 64)).containing(index - from)?.index === index - from
}

/** The last boundary at or before `index`, or the first one at or after it. */
export function snap(text: string, index: number, direction: -1 | 1): number {
  let at = index
  while (!isBoundary(text, at)) at += direction
  return at
}

/** Where the line begins, which is always a boundary, or a place far enough back. */
function lineStart(text: string, index: number): number {
  return Math.max(text.lastIndexOf('\n', index - 1) + 1, index - 256, 0)
}

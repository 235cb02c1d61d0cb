/**
 * Folds text for searching, so that a search means the same on every tier: compatibility forms are unified and
 * case is dropped. Upper before lower, because `ß` and `ﬁ` only unfold on the way up; `ς` as `σ`, because
 * lower-casing a final sigma depends on what follows it, and a part of a word must match the whole; `ẞ` as `ß`,
 * because it is upper case already. What is folded stays as it is when it is folded again.
 */
export function fold(value: string): string {
  const upper = value.normalize('NFKC').replaceAll('ẞ', 'ß').toUpperCase()
  return upper.toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
}

/** A hue for a name, the same everywhere; the stylesheet makes a colour of it that suits the theme. */
export function hueOf(name: string): number {
  let hash = 7
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) % 3600
  // Golden angles lie far apart, also for names that are alike.
  return Math.round((hash * 137.5) % 360)
}

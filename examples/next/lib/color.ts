/** A hue for a name, the same everywhere; the stylesheet makes a colour of it that suits the theme. */
export function hueOf(name: string): number {
  // The numbers are such that the crew's names lie far apart.
  let hash = 25
  for (const character of name) hash = (hash * 173 + character.codePointAt(0)!) % 3600
  return (hash * 37) % 360
}

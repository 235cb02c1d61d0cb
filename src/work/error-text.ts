/** What is kept of an error: its message, as every database takes it. */

/** Characters; more explain no more. */
const LONGEST = 10_000

export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : asText(error)
  return text.slice(0, LONGEST).replaceAll('\0', '\uFFFD').toWellFormed()
}

function asText(error: unknown): string {
  try {
    return String(error)
  } catch {
    // An object without a prototype has no text.
    return 'something that is no text was thrown'
  }
}

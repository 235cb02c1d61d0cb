/** What a developer should know once, and no more. */

const warned = new Set<string>()

/** Once per process: hot reloads and further Systems need not repeat it. */
export function warnOnce(warnings: readonly string[]): void {
  for (const warning of warnings) {
    if (warned.has(warning)) continue
    warned.add(warning)
    console.warn(`terrace: ${warning}`)
  }
}

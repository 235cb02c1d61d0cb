/** What a page does only while somebody can see it. */

/** Milliseconds for which a page that was left is taken for one that is come back to. */
const GRACE = 5000

/** `begin` is called now, or when the page is first seen, and again after each `pause`. Call the answer to stop. */
export function untilHidden(begin: () => void, pause: () => void): () => void {
  let isRunning = false
  let pausing: ReturnType<typeof setTimeout> | undefined

  function look(): void {
    clearTimeout(pausing)
    if (document.visibilityState === 'visible') {
      if (!isRunning) begin()
      isRunning = true
    } else if (isRunning) {
      pausing = setTimeout(() => {
        isRunning = false
        pause()
      }, GRACE)
    }
  }

  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    clearTimeout(pausing)
    document.removeEventListener('visibilitychange', look)
  }
}

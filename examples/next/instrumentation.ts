/** Runs once when the server starts, before it answers anybody. */

export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { prepareAccess } = await import('./lib/access')
  prepareAccess()
  const { startCrews } = await import('./crew/start')
  await startCrews()
}

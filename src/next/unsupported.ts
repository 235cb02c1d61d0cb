/** What is answered where there is no Node beneath. */

export function unsupported(): Response {
  const message =
    "terrace needs the Node.js runtime, and this route is on edge: it has to say export const runtime = 'nodejs'"
  return Response.json({ error: { code: 'UNSUPPORTED', message } }, { status: 501 })
}

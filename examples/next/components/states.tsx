import { Mark } from './icons'

/** In place of the workbench, when there is none to show. */

export function Gone({ onLeave }: { readonly onLeave: () => void }) {
  return (
    <main className="instead">
      <Mark />
      <h2>This workspace is not there</h2>
      <p>
        It was deleted, or the server that kept it in memory has ended. With{' '}
        <code>TERRACE_DB_DRIVER=sqlite</code> or <code>DATABASE_URL</code> it would still be.
      </p>
      <button type="button" className="button primary" onClick={onLeave}>
        See which there are
      </button>
    </main>
  )
}

export function Refused({ reason }: { readonly reason: string | undefined }) {
  return (
    <main className="instead">
      <Mark />
      <h2>You are not let in</h2>
      <p>
        {reason ?? 'The server wants a token.'} Open the address with the token that the server wrote when it
        started, or that <code>WORKBENCH_TOKEN</code> gave it.
      </p>
    </main>
  )
}

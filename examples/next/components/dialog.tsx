import { type ReactNode, useEffect, useRef } from 'react'
import { Close } from './icons'

export interface DialogProps {
  readonly title: ReactNode
  readonly children: ReactNode
  readonly onClose: () => void
  /** What gets the focus afterwards if that which had it before is gone: a selector. */
  readonly returnTo?: string
}

/** The browser's own: it keeps the focus, closes with Escape, and gives the focus back. */
export function Dialog({ title, children, onClose, returnTo }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const opener = document.activeElement
    if (dialog.current?.open === false) dialog.current.showModal()
    dialog.current?.querySelector<HTMLElement>('[data-first]')?.focus()
    return () => {
      const next = opener?.isConnected || returnTo === undefined ? opener : document.querySelector(returnTo)
      if (next instanceof HTMLElement) next.focus()
    }
  }, [returnTo])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, too
    <dialog
      ref={dialog}
      aria-labelledby="dialog-title"
      onClose={onClose}
      onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
    >
      <div className="dialog">
        <div className="dialog-head">
          <h2 id="dialog-title">{title}</h2>
          <button type="button" className="tool" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Close />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}

/** As a `ref`: what comes gets the focus. Not in a dialog, which is closed until it is shown; there, `data-first` says so. */
export function focusWhenShown(element: HTMLElement | null): void {
  element?.focus()
}

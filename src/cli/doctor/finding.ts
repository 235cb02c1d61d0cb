/** What `terrace doctor` finds. */

export interface Finding {
  readonly about: string
  /** A `problem` has to be solved, a `warning` may be meant; a `note` is only good to know. */
  readonly state: 'ok' | 'note' | 'warning' | 'problem'
  readonly says: string
  /** The line that solves it: for a shell, or for `.env`. */
  readonly fix?: string
}

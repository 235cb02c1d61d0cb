import { useEffect, useState } from 'react'
import type { Awareness } from 'y-protocols/awareness'
import { Avatar } from './avatar'

interface Person {
  readonly id: number
  readonly name: string
  readonly isAgent: boolean
}

/** More are counted. */
const SHOWN = 5

/** Who is at the note. */
export function Presence({ awareness }: { readonly awareness: Awareness }) {
  const [people, setPeople] = useState<readonly Person[]>([])
  useEffect(() => {
    const look = () => setPeople(peopleOf(awareness))
    look()
    awareness.on('change', look)
    return () => awareness.off('change', look)
  }, [awareness])
  return (
    <ul className="people" aria-label="At this note">
      {people.slice(0, SHOWN).map(({ id, name, isAgent }) => (
        <li key={id} title={id === awareness.clientID ? `${name} (you)` : name}>
          <Avatar name={name} isAgent={isAgent} />
          <span className="hidden">
            {name}
            {isAgent && ', an agent'}
            {id === awareness.clientID && ', you'}
          </span>
        </li>
      ))}
      {people.length > SHOWN && <li className="count">+{people.length - SHOWN}</li>}
    </ul>
  )
}

/** What others say of themselves may be anything. */
function peopleOf(awareness: Awareness): Person[] {
  return [...awareness.getStates()].flatMap(([id, { user }]) =>
    typeof user?.name === 'string'
      ? [{ id, name: user.name.slice(0, 24), isAgent: user.isAgent === true }]
      : [],
  )
}

import type { Row } from '@/lib/api'
import { Play, Stop } from './icons'

export interface CrewButtonProps {
  readonly crew: Row<'backgroundTasks'> | undefined
  readonly isReady: boolean
  readonly onSwitch: () => Promise<void>
}

export function CrewButton({ crew, isReady, onSwitch }: CrewButtonProps) {
  const isStopping = crew?.cancelRequested === true
  return (
    <button
      type="button"
      className={crew === undefined ? 'button primary' : 'button'}
      disabled={!isReady || isStopping}
      onClick={() => void onSwitch()}
    >
      {crew === undefined ? <Play /> : <Stop />}
      <span>{crew === undefined ? 'Start the crew' : isStopping ? 'Stopping…' : 'Stop the crew'}</span>
      <kbd>C</kbd>
    </button>
  )
}

import { useEffect, useState, useSyncExternalStore } from 'react'
import { EMPTY, followWorkspace, type Live, type Snapshot } from './live'

/** The workspace as it is, for as long as the component is shown. */
export function useLive(workspaceId: string | undefined): {
  readonly live: Live | undefined
  readonly now: Snapshot
} {
  const [live, setLive] = useState<Live>()
  useEffect(() => {
    if (workspaceId === undefined) return
    const followed = followWorkspace(workspaceId)
    setLive(followed)
    return () => {
      followed.close()
      setLive(undefined)
    }
  }, [workspaceId])
  const now = useSyncExternalStore(live?.subscribe ?? never, live?.snapshot ?? empty, empty)
  return { live, now }
}

const never = () => () => {}
const empty = () => EMPTY

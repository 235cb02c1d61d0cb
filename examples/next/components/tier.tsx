'use client'

import { useEffect, useState } from 'react'
import { ApiError, type Health, health } from '@/lib/api'
import type { LiveStatus } from '@/lib/live'

const EVERY_MS = 10_000
const NAMES: Readonly<Record<string, string>> = { memory: 'Memory', sqlite: 'SQLite', postgres: 'Postgres' }
const NOTES: Readonly<Record<string, string>> = {
  memory: 'Everything is gone when the server ends. Set TERRACE_DB_DRIVER=sqlite or DATABASE_URL to keep it.',
}

/** Which database this is, and how it is. */
export function Tier({ status }: { readonly status: LiveStatus }) {
  const [now, setNow] = useState<Health | string>()
  useEffect(() => {
    let isOver = false
    async function look(): Promise<void> {
      const answer = await health().catch((error: unknown) => {
        if (error instanceof ApiError) return error.message
        throw error
      })
      if (!isOver) setNow(answer)
    }
    // Anew, too, when the server is away or back.
    if (status !== 'connecting') void look()
    const timer = setInterval(() => document.visibilityState === 'visible' && void look(), EVERY_MS)
    return () => {
      isOver = true
      clearInterval(timer)
    }
  }, [status])

  if (now === undefined) return <div className="tier" />
  if (typeof now === 'string') {
    return (
      <div className="tier" data-health="error">
        <b>No answer</b>
        <span>{now}</span>
      </div>
    )
  }
  const { tier, driver, latencyMs, target, error } = now
  return (
    <div className="tier" data-health={now.status}>
      <b>{NAMES[tier] ?? tier}</b>
      <span className="latency">{latencyMs < 1 ? '< 1 ms' : `${Math.round(latencyMs)} ms`}</span>
      {target !== undefined && target !== driver && (
        <span className="target" title={target}>
          {target}
        </span>
      )}
      {(error ?? NOTES[tier]) && <span>{error ?? NOTES[tier]}</span>}
    </div>
  )
}

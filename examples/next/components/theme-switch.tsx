import { useEffect } from 'react'
import { type Theme, theme, useSetting } from '@/lib/settings'
import { Moon, Screen, Sun } from './icons'

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
const LOOKS = {
  system: ['as the system has it', <Screen key="system" />],
  light: ['light', <Sun key="light" />],
  dark: ['dark', <Moon key="dark" />],
} as const

export function ThemeSwitch() {
  const now = useSetting(theme, 'system')
  const [word, icon] = LOOKS[now]
  useEffect(() => {
    document.documentElement.dataset.theme = now
  }, [now])
  return (
    <button
      type="button"
      className="tool"
      aria-label={`Colours: ${word}. Switch to ${LOOKS[NEXT[now]][0]}`}
      title={`Colours: ${word}`}
      onClick={() => theme.set(NEXT[now])}
    >
      {icon}
    </button>
  )
}

import type { CSSProperties } from 'react'
import { hueOf } from '@/lib/color'
import { Spark } from './icons'

export interface AvatarProps {
  readonly name: string
  readonly isAgent?: boolean
  readonly size?: 'small' | 'large'
}

/** Who it is, by colour and letter; agents are square. */
export function Avatar({ name, isAgent = false, size = 'small' }: AvatarProps) {
  // The cast: React knows no custom properties.
  const style = { '--hue': hueOf(name) } as CSSProperties
  return (
    <span className="avatar" data-size={size} data-agent={isAgent} style={style} aria-hidden="true">
      {[...name][0]?.toUpperCase()}
      {isAgent && size === 'large' && (
        <i>
          <Spark />
        </i>
      )}
    </span>
  )
}

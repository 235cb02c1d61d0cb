import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
// In this order: the later wins.
import '../styles/tokens.css'
import '../styles/common.css'
import '../styles/frame.css'
import '../styles/tasks.css'
import '../styles/queue.css'
import '../styles/notes.css'
import '../styles/dialogs.css'
import '../styles/small.css'
import '../styles/motion.css'

export const metadata: Metadata = {
  title: 'Terrace workbench',
  description: 'What a team of agents is at: tasks, queue and notes, live.',
}

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f4f3ee' },
    { media: '(prefers-color-scheme: dark)', color: '#121513' },
  ],
}

/** Before anything is drawn: what is drawn in the wrong colours flashes. */
const THEME = `try{document.documentElement.dataset.theme=localStorage.getItem('workbench.theme')||'system'}catch{}`

export default function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant, and nothing of anybody's */}
        <script dangerouslySetInnerHTML={{ __html: THEME }} />
      </head>
      <body>{children}</body>
    </html>
  )
}

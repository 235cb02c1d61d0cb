/** CodeMirror over a note: Markdown, an undo of one's own, and the carets of others. */

import { defaultKeymap } from '@codemirror/commands'
import { markdown } from '@codemirror/lang-markdown'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import * as Y from 'yjs'
import { hueOf } from './color'
import type { NoteProvider } from './note-provider'

const highlight = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '650', color: 'var(--ink)' },
  { tag: tags.strong, fontWeight: '650' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: tags.link, color: 'var(--accent)' },
  { tag: tags.monospace, fontFamily: 'var(--mono)', fontSize: '0.93em' },
  { tag: [tags.processingInstruction, tags.contentSeparator], color: 'var(--faint)' },
])

export function createEditor(parent: HTMLElement, { doc, awareness }: NoteProvider): EditorView {
  const text = doc.getText('content')
  const undoManager = new Y.UndoManager(text)
  colour(awareness)
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        // Tab leaves the editor, as everywhere.
        keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
        drawSelection(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          'aria-label': 'Text of the note',
          spellcheck: 'true',
          tabindex: '0',
        }),
        placeholder('Write here. Others see it at once.'),
        markdown(),
        syntaxHighlighting(highlight),
        yCollab(text, awareness, { undoManager }),
        followEnd(),
      ],
    }),
  })
}

/** Pixels from the end that still count as there. */
const NEAR = 48

/** Who reads the end, and does not write, keeps seeing it while others write on. */
function followEnd() {
  let isAtEnd = true
  return [
    EditorView.domEventHandlers({
      scroll(_event, { scrollDOM }) {
        isAtEnd = scrollDOM.scrollHeight - scrollDOM.scrollTop - scrollDOM.clientHeight < NEAR
      },
    }),
    EditorView.updateListener.of(({ docChanged, view }) => {
      if (!docChanged || view.hasFocus || !isAtEnd) return
      view.requestMeasure({
        read: () => {},
        write: (_measured, { scrollDOM }) => {
          scrollDOM.scrollTop = scrollDOM.scrollHeight
        },
      })
    }),
  ]
}

/** Carets are coloured by what is in `user`; here each name has one colour, whoever says so. */
function colour(awareness: NoteProvider['awareness']): void {
  const look = () => {
    for (const state of awareness.getStates().values()) {
      const { user } = state
      if (typeof user?.name !== 'string') continue
      const hue = hueOf(user.name)
      user.color = `oklch(0.6 0.14 ${hue})`
      user.colorLight = `oklch(0.6 0.14 ${hue} / 0.22)`
    }
  }
  look()
  awareness.on('change', look)
}

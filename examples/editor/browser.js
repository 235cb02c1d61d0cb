/**
 * The page's side: a textarea bound to the note's text, and the carets of others over it. Written by hand to show
 * how little it takes; editors such as CodeMirror and Tiptap have bindings of their own.
 */

import { HocuspocusProvider } from '@hocuspocus/provider'
import * as Y from 'yjs'

const COLORS = ['#0d9488', '#d97706', '#db2777', '#2563eb', '#65a30d']
const params = new URLSearchParams(location.search)
const name = params.get('name') ?? `Guest ${Math.ceil(Math.random() * 99)}`
const color =
  params.get('color') ?? COLORS[[...name].reduce((sum, c) => sum + c.codePointAt(0), 0) % COLORS.length]
if (params.has('theme')) document.documentElement.dataset.theme = params.get('theme')

const { noteId } = await (await fetch('/note')).json()
const doc = new Y.Doc()
const text = doc.getText('content')
const provider = new HocuspocusProvider({
  url: `${location.origin.replace('http', 'ws')}/notes`,
  name: noteId,
  document: doc,
  token: name,
})
const { awareness } = provider
const area = document.querySelector('textarea')
const mirror = document.querySelector('.mirror')
const people = document.querySelector('.people')
const status = document.querySelector('.status')

awareness.setLocalState({ user: { name, color }, cursor: null })
document.querySelector('button').addEventListener('click', () => fetch('/agent', { method: 'POST' }))

// ---------------------------------------------------------------- the text

area.addEventListener('input', () => {
  const { start, removed, inserted } = difference(text.toString(), area.value)
  doc.transact(() => {
    text.delete(start, removed)
    text.insert(start, inserted)
  }, 'typed')
  select()
})
document.addEventListener('selectionchange', select)
area.addEventListener('blur', () => awareness.setLocalStateField('cursor', null))

text.observe(({ delta }, { origin }) => {
  if (origin !== 'typed') {
    // As the area has it at this moment: the browser tells of a selection only some time after it was made.
    const selection = [area.selectionStart, area.selectionEnd].map((index) => moved(index, delta))
    area.value = text.toString()
    if (document.activeElement === area) area.setSelectionRange(...selection)
  }
  draw()
})

/** Where a place is after others have written. */
function moved(index, delta) {
  let at = 0
  for (const { retain = 0, insert = '', delete: removed = 0 } of delta) {
    at += retain
    if (at >= index) break
    index += insert.length - Math.min(removed, index - at)
    at += insert.length
  }
  return index
}

function select() {
  if (document.activeElement !== area) return
  const at = (index) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index, -1))
  awareness.setLocalStateField('cursor', { anchor: at(area.selectionStart), head: at(area.selectionEnd) })
}

function indexOf(position) {
  const at = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(position), doc)
  return at?.index ?? text.length
}

/** One change that makes of the one text the other; a surrogate pair is never taken apart. */
function difference(before, after) {
  let start = 0
  const shorter = Math.min(before.length, after.length)
  while (start < shorter && before[start] === after[start]) start++
  if (isHigh(before[start - 1])) start--
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++
  if (isLow(before[before.length - end])) end--
  return { start, removed: before.length - end - start, inserted: after.slice(start, after.length - end) }
}

const isHigh = (unit) => unit >= '\ud800' && unit <= '\udbff'
const isLow = (unit) => unit >= '\udc00' && unit <= '\udfff'

// ---------------------------------------------------------------- who is here

awareness.on('change', draw)
provider.on('unsyncedChanges', tellStatus)
provider.on('synced', tellStatus)
provider.on('status', tellStatus)

/** "Saved" is the server's word: every change is in the database. */
function tellStatus() {
  const kind = !provider.isSynced ? 'offline' : provider.hasUnsyncedChanges ? 'saving' : 'saved'
  status.dataset.kind = kind
  status.textContent = { offline: 'Offline', saving: 'Saving…', saved: 'Saved' }[kind]
}

function draw() {
  const states = [...awareness.getStates()].filter(([, state]) => state?.user)
  people.replaceChildren(...states.map(([id, { user }]) => personOf(user, id === doc.clientID)))
  const carets = states
    .filter(([id, { cursor }]) => id !== doc.clientID && cursor)
    .map(([, { user, cursor }]) => ({ user, from: indexOf(cursor.anchor), at: indexOf(cursor.head) }))
    .sort((a, b) => a.at - b.at)
  const value = text.toString()
  const parts = []
  let done = 0
  for (const { user, at } of carets) {
    parts.push(value.slice(done, at), caretOf(user))
    done = at
  }
  // A last line that is empty has a height, too.
  mirror.replaceChildren(...parts, value.slice(done), '\u200b')
}

function personOf({ name, color, isAgent }, isOwn) {
  const person = document.createElement('span')
  person.className = 'person'
  person.style.setProperty('--color', color)
  const badge = document.createElement('i')
  badge.textContent = isAgent ? '✦' : [...name][0]
  person.append(badge, isOwn ? `${name} (you)` : name)
  return person
}

function caretOf({ name, color, isAgent }) {
  const caret = document.createElement('span')
  caret.className = 'caret'
  caret.style.setProperty('--color', color)
  caret.dataset.name = isAgent ? `✦ ${name}` : name
  return caret
}

draw()
area.focus()

/** Edits of a text by what is meant. Each says what it does to the text as it is then; Yjs does the rest. */

import type * as Y from 'yjs'
import { ValidationError } from '../errors.ts'
import { show } from '../schema/dsl/values.ts'
import { notes } from '../schema/notes.ts'
import { isBoundary } from './characters.ts'
import { CONTENT } from './codec.ts'
import { type Splice, splices, threeWay } from './merge.ts'

/** Makes changes in ascending order, from the last to the first, so that none moves another. */
function make(doc: Y.Doc, changes: readonly Splice[]): void {
  const text = doc.getText(CONTENT)
  const embeds = embedsOf(text)
  for (const { at, remove, insert } of changes.toReversed()) {
    for (const [from, to] of stretches(embeds, at, at + remove).toReversed()) text.delete(from, to - from)
    if (insert !== '') text.insert(placeIn(embeds, at), insert)
  }
}

/** Where editors have put what is no text, such as pictures: a place in the text each, in ascending order. */
function embedsOf(text: Y.Text): readonly number[] {
  const embeds: number[] = []
  // The usual case, which is told without taking the text apart.
  if (text.length === text.toString().length) return embeds
  let at = 0
  for (const { insert } of text.toDelta() as readonly { readonly insert: unknown }[]) {
    if (typeof insert === 'string') at += insert.length
    else embeds.push(at)
  }
  return embeds
}

/** Each of what is no text counts as one unit in Yjs; a place in the text is before what stands there. */
function placeIn(embeds: readonly number[], at: number): number {
  return at + embeds.filter((embed) => embed < at).length
}

/** A stretch of the text as Yjs counts, in parts that leave out what is no text. */
function stretches(embeds: readonly number[], from: number, to: number): [from: number, to: number][] {
  if (from === to) return []
  const cuts = [from, ...embeds.filter((embed) => embed > from && embed < to), to]
  return cuts.slice(1).flatMap((end, i): [number, number][] => {
    const start = cuts[i]!
    const shift = embeds.filter((embed) => embed <= start).length
    return start === end ? [] : [[start + shift, end + shift]]
  })
}

export const appended = (addition: string) => (doc: Y.Doc) => {
  const text = doc.getText(CONTENT)
  if (addition !== '') text.insert(text.length, addition)
}

export const inserted = (index: number, addition: string) => (doc: Y.Doc) => {
  const now = doc.getText(CONTENT).toString()
  if (!Number.isInteger(index) || index < 0 || index > now.length) {
    throw refuse(`there is no place ${show(index)} in a text of ${now.length}`, 'index')
  }
  if (!isBoundary(now, index)) throw refuse(`place ${index} is in the middle of a character`, 'index')
  make(doc, [{ at: index, remove: 0, insert: addition }])
}

/** Only whole characters match: an `e` is not part of an `é`. */
export const replaced = (before: string, after: string) => (doc: Y.Doc) => {
  const now = doc.getText(CONTENT).toString()
  const places = placesOf(now, before)
  const [at] = places
  if (at === undefined) throw refuse(`the text does not contain ${quoted(before)}`, 'old')
  if (places.length > 1) {
    throw refuse(`the text contains ${quoted(before)} more than once; give more of what is around it`, 'old')
  }
  make(
    doc,
    splices(before, after).map((splice) => ({ ...splice, at: splice.at + at })),
  )
}

export const merged = (base: string, wanted: string) => (doc: Y.Doc) => {
  make(doc, threeWay(base, wanted, doc.getText(CONTENT).toString()))
}

/** Two at the most. */
function placesOf(text: string, part: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf(part); at >= 0 && places.length < 2; at = text.indexOf(part, at + 1)) {
    if (isBoundary(text, at) && isBoundary(text, at + part.length)) places.push(at)
  }
  return places
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}…`)
}

function refuse(message: string, column: string): ValidationError {
  return new ValidationError(`notes: ${message}`, notes.name, column)
}

/**
 * Mutants that are the code itself, with one line of it changed: what lives above the engine and within the verbs can be
 * broken from nowhere else. Data alone, and nothing of `src`, which is loaded after the change.
 */

import type { SourceBreak } from './break-source.ts'

export interface SourceMutant extends SourceBreak {
  readonly id: string
  readonly breaks: string
  readonly scenario: string
  readonly also?: readonly string[]
}

export const sourceMutants: readonly SourceMutant[] = [
  // ---------------------------------------------------------------- rows
  {
    id: 'notes-empty-begun',
    breaks: 'Begins a note without a text with an update',
    scenario: 'notes.create',
    file: 'stores/notes.ts',
    from: "const data = content === '' ? undefined : ",
    to: 'const data = ',
  },
  {
    id: 'notes-gc-changed',
    breaks: 'Lets be changed what is chosen when a note is made',
    scenario: 'notes.gc',
    file: 'stores/notes.ts',
    from: "{ fixed: ['type', 'gc'] }",
    to: "{ fixed: ['type'] }",
  },
  {
    id: 'notes-confined-in-name',
    breaks: 'Lets a confined System have what is live in the process',
    scenario: 'notes.confined',
    file: 'stores/notes.ts',
    from: 'if (isConfined) await checkPresent(noteId, options)',
    to: '',
  },
  {
    id: 'notes-watched-from-anywhere',
    breaks: 'Tells a confined System what happens elsewhere',
    scenario: 'notes.live-watch-confined',
    file: 'stores/notes.ts',
    from: 'return !isConfined || isVisible(place)',
    to: 'return true',
  },
  {
    id: 'notes-restored-from-nowhere',
    breaks: 'Blames the version when the note is not there',
    scenario: 'notes.restore-unknown',
    file: 'stores/notes.ts',
    from: '        await checkPresent(noteId, options)\n        throw new NotFoundError(noteVersions.name, label)',
    to: '        throw new NotFoundError(noteVersions.name, label)',
  },
  {
    id: 'notes-closed-though-gone',
    breaks: 'Takes back a document of a note that is not there',
    scenario: 'notes.live-unknown',
    also: ['notes.log-deleted-while-edited'],
    file: 'stores/notes.ts',
    from: 'if (!wasOpen) await checkPresent(noteId, options)',
    to: 'void wasOpen',
  },
  {
    id: 'notes-watched-after-the-end',
    breaks: 'Does not say that it is closed to who begins to watch',
    scenario: 'notes.live-watch-ends-with-the-system',
    file: 'stores/notes.ts',
    from: '        await checkPlace(options)\n        return !isConfined',
    to: '        return !isConfined',
  },
  {
    id: 'notes-label-of-any',
    breaks: 'Labels whatever note has the id by now',
    scenario: 'notes.label-of-the-one-before',
    file: 'stores/notes.ts',
    from: 'head: { update: noteHeads, where: { noteId, epoch }, set: { seq: increment(0) } }',
    to: 'head: { update: noteHeads, where: { noteId }, set: { seq: increment(0) } }',
  },

  // ---------------------------------------------------------------- cursors
  {
    id: 'notes-since-whole',
    breaks: 'Sends the whole document, whatever the reader has',
    scenario: 'notes.since-the-missing-alone',
    also: ['notes.since-gapless', 'notes.since-after-compaction', 'notes.since-transaction'],
    file: 'stores/notes.ts',
    from: 'const isKnown = place?.epoch === head.epoch && place.seq <= head.seq',
    to: 'const isKnown: boolean = false',
  },
  {
    id: 'notes-since-ahead',
    breaks: 'Has nothing for whoever is ahead of the log',
    scenario: 'notes.since-leads-nowhere',
    file: 'stores/notes.ts',
    from: ' && place.seq <= head.seq\n',
    to: '\n',
  },
  {
    id: 'notes-since-any-log',
    breaks: 'Takes a cursor for one of this log, whichever it is of',
    scenario: 'notes.since-of-the-deleted',
    also: ['notes.since-leads-nowhere'],
    file: 'stores/notes.ts',
    from: 'const isKnown = place?.epoch === head.epoch && place.seq',
    to: 'const isKnown = place !== undefined && place.seq',
  },
  {
    id: 'notes-since-without-what-waits',
    breaks: 'Leaves out of the whole document what waits',
    scenario: 'notes.since-with-what-waits',
    file: 'notes/codec.ts',
    from: 'return new Uint8Array(deflateRawSync(Y.encodeStateAsUpdateV2(doc), { level: 1 }))',
    to: `const { store } = doc
    const [structs, ds] = [store.pendingStructs, store.pendingDs]
    Object.assign(store, { pendingStructs: null, pendingDs: null })
    const data = Y.encodeStateAsUpdateV2(doc)
    Object.assign(store, { pendingStructs: structs, pendingDs: ds })
    return new Uint8Array(deflateRawSync(data, { level: 1 }))`,
  },

  {
    id: 'notes-cursor-of-anywhere',
    breaks: 'Tells a confined System where the log of another workspace stands',
    scenario: 'notes.since-confined',
    file: 'stores/notes.ts',
    from: 'return cursorOf((await engine.get(',
    to: 'return cursorOf((await beneath.get(',
  },

  // ---------------------------------------------------------------- edits
  {
    id: 'notes-append-in-front',
    breaks: 'Adds to the beginning',
    scenario: 'notes.append',
    file: 'notes/editing.ts',
    from: 'text.insert(text.length, addition)',
    to: 'text.insert(0, addition)',
  },
  {
    id: 'notes-replace-elsewhere',
    breaks: 'Replaces where the part is in itself, not where it is in the text',
    scenario: 'notes.replace',
    file: 'notes/editing.ts',
    from: 'at: splice.at + at }',
    to: 'at: splice.at }',
  },
  {
    id: 'notes-edit-forgets-embeds',
    breaks: 'Counts as if there were nothing but text',
    scenario: 'notes.edit-around-embeds',
    file: 'notes/editing.ts',
    from: 'return at + embeds.filter((embed) => embed < at).length',
    to: 'return at',
  },
  {
    id: 'notes-edit-twice-made',
    breaks: 'Makes again what another has made already',
    scenario: 'notes.edit-same-twice',
    file: 'notes/merge.ts',
    from: 'if (theirs.some((other) => same(other, splice))) continue',
    to: '',
  },
  {
    id: 'notes-edit-removes-what-was-added',
    breaks: 'Removes a stretch of the base with all that others have put into it',
    scenario: 'notes.edit-three-ways',
    file: 'notes/merge.ts',
    from: 'const kept = keptWithin(theirs, splice.at, splice.at + splice.remove)',
    to: `const inner = keptWithin(theirs, splice.at, splice.at + splice.remove)
    const end = inner.at(-1)
    const kept = end === undefined ? [] : [{ at: inner[0]!.at, remove: end.at + end.remove - inner[0]!.at }]`,
  },
  {
    id: 'notes-edit-by-units',
    breaks: 'Cuts characters in two',
    scenario: 'notes.edit-whole-characters',
    file: 'notes/merge.ts',
    from: 'return wholeCharacters(from, found)',
    to: 'return found',
  },

  {
    id: 'notes-restore-takes-all-for-trees',
    breaks: 'Restores as an editor’s what an application keeps',
    scenario: 'notes.restore-leaves-other-types',
    file: 'notes/restore.ts',
    from: 'for (const name of TREES) if',
    to: 'for (const name of [...old.share.keys()]) if',
  },

  // ---------------------------------------------------------------- live documents
  {
    id: 'notes-opened-apart',
    breaks: 'Loads a document of their own for all who come at once',
    scenario: 'notes.log-first-opening',
    also: ['notes.live-one-document'],
    file: 'notes/documents.ts',
    from: '    let entry = live.get(noteId)\n',
    to: '    let entry: Live | undefined\n',
  },
  {
    id: 'notes-one-by-one',
    breaks: 'Logs all that is written in one turn one by one',
    scenario: 'notes.live-written-together',
    file: 'notes/document.ts',
    from: 'const isFull = run.length >= MERGED',
    to: 'const isFull = run.length >= 1',
  },
  {
    id: 'notes-gone-kept-open',
    breaks: 'Keeps a document open whose note is gone',
    scenario: 'notes.log-deleted-while-written',
    file: 'notes/documents.ts',
    from: '    document.destroy()\n    if (head',
    to: '    if (head',
  },
  {
    id: 'notes-tried-for-ever',
    breaks: 'Goes on trying to write to a database that is closed',
    scenario: 'notes.log-closed-beneath',
    file: 'notes/document.ts',
    from: '      halted = true\n      return\n',
    to: '',
  },
  {
    id: 'notes-failed-edits-kept',
    breaks: 'Keeps an edit of which it said that it failed',
    scenario: 'notes.log-repeated-after-failure',
    also: ['notes.log-commit-that-was-not-heard-of'],
    file: 'notes/document.ts',
    from: 'gone === undefined ? gather(made.undo, actor) : undefined',
    to: 'undefined as Uint8Array | undefined',
  },
  {
    id: 'notes-watch-hears-all',
    breaks: 'Tells who watches one note of the others',
    scenario: 'notes.live-watch-one',
    file: 'notes/feed.ts',
    from: 'if (noteId !== undefined && noteId !== event.noteId) continue',
    to: '',
  },
  {
    id: 'notes-never-followed',
    breaks: 'Takes nothing of what others write into a document that is open',
    scenario: 'notes.live-follows',
    file: 'notes/documents.ts',
    from: 'if (isSame && seq <= document.seq) return',
    to: 'if (isSame) return',
  },
  {
    id: 'notes-never-looked',
    breaks: 'Does not look for what it was not told',
    scenario: 'notes.live-lost-notifications',
    also: ['notes.presence-lost-notifications'],
    file: 'notes/lookout.ts',
    from: '        lookNow()\n      }, pollMs)',
    to: '      }, pollMs)',
  },

  // ---------------------------------------------------------------- transactions
  {
    id: 'notes-transactions-at-once',
    breaks: 'Makes edits of one transaction at once, each from the same text',
    scenario: 'notes.transaction-at-once',
    file: 'notes/transient.ts',
    from: 'const next = last.then(work)',
    to: 'const next = work()',
  },
  {
    id: 'notes-transactions-unbounded',
    breaks: 'Gives transactions bounds of their own',
    scenario: 'notes.transaction-bounds',
    file: 'notes/home.ts',
    from: '...chosen.get(wholeOf(engine) ?? engine)?.limits',
    to: '',
  },

  // ---------------------------------------------------------------- strangers
  {
    id: 'notes-any-number-of-writers',
    breaks: 'Counts no writers',
    scenario: 'notes.log-many-clients',
    also: ['notes.log-bounds'],
    file: 'notes/foreign.ts',
    from: 'if (clients > limits.clients)',
    to: 'if (clients < 0)',
  },
  {
    id: 'notes-any-depth',
    breaks: 'Lets types be nested as deep as they come',
    scenario: 'notes.log-nesting',
    file: 'notes/foreign.ts',
    from: 'if (deepest > limits.nesting)',
    to: 'if (deepest < 0)',
  },

  // ---------------------------------------------------------------- presence
  {
    id: 'presence-of-nothing',
    breaks: 'Follows who is at a note that is not there',
    scenario: 'notes.presence-of-the-deleted',
    also: ['notes.presence-confined'],
    file: 'notes/presence.ts',
    from: 'if ((await engine.get(noteHeads, id, options)) === null) notFound(notes, id)',
    to: '',
  },
  {
    id: 'presence-deleted-meanwhile',
    breaks: 'Tells of a reference when a note was deleted meanwhile',
    scenario: 'notes.presence-deleted-while-told',
    file: 'notes/presence.ts',
    from: 'if (error instanceof InvalidReferenceError) notFound(notes, id)',
    to: '',
  },
  {
    id: 'presence-for-any-time',
    breaks: 'Takes whatever it is given for a time',
    scenario: 'notes.presence-refused',
    file: 'notes/presence.ts',
    from: "if (typeof forMs === 'number' && Number.isFinite(forMs)) return forMs",
    to: "if (typeof forMs !== 'bigint') return Number(forMs) || 0",
  },
  {
    id: 'presence-as-first-told',
    breaks: 'Keeps what a place told first',
    scenario: 'notes.presence-told',
    file: 'notes/presence.ts',
    from: 'set: { data, expiresAt } } as const',
    to: 'set: { expiresAt } } as const',
  },
  {
    id: 'presence-never-left',
    breaks: 'Goes on telling whoever has stopped to follow',
    scenario: 'notes.presence-followed-twice',
    file: 'notes/presence.ts',
    from: 'followers.set(noteId, others.add(mine))',
    to: 'followers.set(noteId, others.add(handler))',
  },
  {
    id: 'presence-stays',
    breaks: 'Keeps who has said goodbye',
    scenario: 'notes.presence-leaves',
    file: 'notes/presence.ts',
    from: 'if (data === null) await engine.remove(notePresence, { where: { noteId: id, place } }, options)',
    to: 'if (data === null) void place',
  },
  {
    id: 'presence-for-ever',
    breaks: 'Believes for ever what was told',
    scenario: 'notes.presence-expires',
    file: 'notes/presence.ts',
    from: 'expiresAt: gt(now)',
    to: 'expiresAt: gt(new Date(0))',
  },
  // ---------------------------------------------------------------- what comes due
  {
    id: 'schedules-of-any-job',
    breaks: 'Takes a job that cannot be enqueued',
    scenario: 'schedules.bad-job',
    file: 'stores/schedules.ts',
    from: 'checkJob(engine, row.job)',
    to: '',
  },
  {
    id: 'schedules-moved-on-first',
    breaks: 'Moves a schedule on although its job could not be enqueued',
    scenario: 'schedules.together-with-its-job',
    file: 'stores/schedules.ts',
    from: 'if (!isRefusal(caught)) throw caught',
    to: '',
  },
  {
    id: 'due-locks-left',
    breaks: 'Leaves locks that have run out',
    scenario: 'due.sweep',
    file: 'work/sweep.ts',
    from: 'await all(() => stores.fileLocks.reap({ limit }), swept.fileLocks)',
    to: '',
  },
  {
    id: 'due-fired-by-all',
    breaks: 'Fires what others have fired already',
    scenario: 'due.sweep-races',
    file: 'stores/schedules.ts',
    from: 'const where = { id, version, nextRunAt }',
    to: 'const where = { id }',
  },
  {
    id: 'due-jobs-left',
    breaks: 'Runs no jobs when something else was due',
    scenario: 'due.sweep-jobs',
    file: 'work/run-due.ts',
    from: 'handlers !== undefined && isIdle',
    to: 'handlers !== undefined && isIdle && swept.firings.length === 0',
  },
  {
    id: 'due-whole-budget',
    breaks: 'Lets one job take the whole budget',
    scenario: 'due.sweep-budget',
    file: 'work/run-due.ts',
    from: 'Math.ceil(budgetMs / 2)',
    to: 'budgetMs',
  },
  {
    id: 'due-first-failure',
    breaks: 'Ends a sweep with what fails first',
    scenario: 'due.sweep-that-fails',
    file: 'work/sweep.ts',
    from: 'onError(error)',
    to: 'throw error',
  },
  {
    id: 'due-told-nothing',
    breaks: 'Tells of nothing',
    scenario: 'due.start',
    file: 'work/caretaker.ts',
    from: 'hasDoneSomething(swept)',
    to: 'false',
  },
  {
    id: 'due-when-it-looks',
    breaks: 'Looks when it is time to look, whatever comes due',
    scenario: 'due.start-in-time',
    file: 'work/caretaker.ts',
    from: 'const next = await look()',
    to: 'const next = (await look(), null)',
  },
  {
    id: 'due-many-caretakers',
    breaks: 'Starts another caretaker with each call',
    scenario: 'due.start-and-stop',
    file: 'system.ts',
    from: 'if (caretaker !== undefined) return caretaker',
    to: '',
  },
  {
    id: 'due-refusals-untold',
    breaks: 'Does not tell of a job that is refused',
    scenario: 'due.start-that-fails',
    file: 'work/caretaker.ts',
    from: 'for (const { error } of swept.firings) if (error !== null) report(error)',
    to: '',
  },
]

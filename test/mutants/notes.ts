/** Notes: their log, their text, and edits by intent. */

import * as Y from 'yjs'
import type { Step, Write } from '../../src/engine/engine.ts'
import { gt, isOperator } from '../../src/engine/query.ts'
import type { Table } from '../../src/schema/dsl/table.ts'
import {
  noteHeads,
  noteSnapshots,
  notes,
  noteTexts,
  noteUpdates,
  noteVersions,
} from '../../src/schema/notes.ts'
import type { NoteStore } from '../../src/stores/notes.ts'
import type { Scope } from '../../src/system.ts'
import { giveWay, type Loose, type Mutant, questions, schema, stores, verbs } from './mutant.ts'

export const noteMutants: readonly Mutant[] = [
  {
    id: 'notes-acknowledged-early',
    breaks: 'Says that an update is written, and then writes it',
    scenario: 'notes.append',
    also: [
      'notes.search-races',
      'notes.search-reads-what-is-late',
      'notes.search-newest',
      'notes.log-no-ack-before-commit',
      'notes.live-saved',
      'notes.live-kept-while-saving',
      'notes.edit-of-what-is-open',
      'notes.log-text-that-could-not-be-stored',
      'notes.log-text-with-what-came-between',
      'notes.trees-of-editors',
      'notes.live-one-client',
      'notes.restore-while-edited',
      'notes.live-watch',
      'notes.log-known-costs-nothing',
    ],
    engine: writing(noteUpdates, 'update', async (write, { own, find }) => {
      const head = await find()
      if (head === undefined) return own()
      void giveWay()
        .then(giveWay)
        .then(own)
        .catch(() => {})
      return { ...head, seq: Number(head.seq) + stepOn(write, noteUpdates).rows!.length }
    }),
  },
  {
    id: 'notes-numbered-by-reading',
    breaks: 'Reads the newest number and writes the next one',
    scenario: 'notes.append-race',
    also: [
      'notes.edit-keeps-others',
      'notes.edit-emoji-between-writers',
      'notes.log-converges',
      'notes.label-race',
      'notes.restore-race',
      'notes.log-same-by-any-way',
    ],
    engine: writing(noteUpdates, 'update', async (write, { other, find }) => {
      const head = await find()
      await giveWay()
      const { rows } = stepOn(write, noteUpdates)
      const from = Number(head?.seq ?? 0) + 1
      const numbered = rows!.map((row, i) => ({ ...row, seq: from + i }))
      const set = { ...(write.head as { set: Loose }).set, seq: from + rows!.length - 1 }
      return other({
        head: { ...write.head, set },
        steps: [{ insert: noteUpdates, rows: numbered }],
      } as Write)
    }),
  },
  {
    id: 'notes-compaction-deletes-all',
    breaks: 'Deletes with a compaction all updates there are, and not those that are in the snapshot',
    scenario: 'notes.log-append-during-compaction',
    also: ['notes.log-cursors', 'notes.log-retained', 'notes.since-after-compaction'],
    engine: writing(noteSnapshots, 'update', (write, { other }) =>
      other({
        ...write,
        steps: write.steps.map((step): Step => {
          if (!('remove' in step)) return step
          return { remove: step.remove, where: { noteId: (step.where as Loose).noteId } as never }
        }),
      }),
    ),
  },
  {
    id: 'notes-loser-deletes',
    breaks: 'Deletes the updates that a compaction has read, also when another one was faster',
    scenario: 'notes.log-one-compactor',
    engine: writing(noteSnapshots, 'update', async (write, { own, remove }) => {
      const installed = await own()
      if (installed === null) await remove(noteUpdates, stepOn(write, noteUpdates).where!)
      return installed
    }),
  },
  {
    id: 'notes-compactors-unguarded',
    breaks: 'Installs a snapshot over one that is newer',
    scenario: 'notes.log-one-compactor',
    engine: writing(noteSnapshots, 'update', (write, { other }) => other(without(write, 'snapshotSeq'))),
  },
  {
    id: 'notes-compaction-into-another',
    breaks: 'Installs the snapshot of a note in another one that has its id by now',
    scenario: 'notes.log-deleted-while-compacted',
    engine: writing(noteSnapshots, 'update', (write, { other }) => other(without(write, 'epoch'))),
  },
  {
    id: 'notes-written-into-another',
    breaks: 'Writes updates of a note that is gone into one that has its id by now',
    scenario: 'notes.log-made-anew',
    also: ['notes.made-anew-while-written', 'notes.label-of-the-one-before'],
    engine: (engine) => {
      // An epoch that all notes share tells none from another.
      const shared = questions({
        row: (row, table) => (table === noteHeads ? { ...row, epoch: 'one' } : row),
      })
      return shared(engine)
    },
  },
  {
    id: 'notes-known-by-state-vector',
    breaks: 'Takes an update for known when it brings nothing to the state vector',
    scenario: 'notes.log-deletions',
    also: ['notes.log-malformed', 'notes.log-out-of-order'],
    system: notesWith((_scope, own) => ({
      async applyUpdate(id, update, options) {
        if (!(update instanceof Uint8Array) || update.length < 3) return own.applyUpdate(id, update, options)
        const { store } = await own.open(id)
        await own.close(id)
        const isKnown = [...Y.parseUpdateMeta(update).to].every(
          ([client, clock]) => clock <= Y.getState(store, client),
        )
        if (!isKnown) return own.applyUpdate(id, update, options)
        return { noteId: id, seq: (await own.read(id)).seq }
      },
    })),
  },
  {
    id: 'notes-actors-dropped',
    breaks: 'Forgets who writes',
    scenario: 'notes.history-by-actor',
    also: ['notes.transaction', 'notes.history-of-the-open'],
    engine: questions({ row: (row, table) => (table === noteUpdates ? { ...row, actor: null } : row) }),
  },
  {
    id: 'notes-text-steps-back',
    breaks: 'Stores the text of an update after that of a later one',
    scenario: 'notes.log-text-beside-it',
    engine: questions({
      match: (match, table) =>
        table === noteTexts && isOperator(match.seq) ? { noteId: match.noteId } : match,
    }),
  },
  {
    id: 'notes-replace-the-first',
    breaks: 'Replaces the first of several places',
    scenario: 'notes.replace-absent-or-ambiguous',
    system: notesWith((_scope, own) => ({
      async replace(id, change, options) {
        const { text } = await own.read(id)
        const at = typeof change?.old === 'string' && change.old !== '' ? text.indexOf(change.old) : -1
        if (at < 0 || typeof change.new !== 'string') return own.replace(id, change, options)
        return own.edit(
          id,
          text,
          text.slice(0, at) + change.new + text.slice(at + change.old.length),
          options,
        )
      },
    })),
  },
  {
    id: 'notes-replace-half-characters',
    breaks: 'Replaces a part of a character',
    scenario: 'notes.replace-whole-characters',
    also: ['notes.text-that-cannot-be-stored'],
    system: notesWith((_scope, own) => ({
      async replace(id, change, options) {
        const { text } = await own.read(id)
        const parts = typeof change?.old === 'string' && change.old !== '' ? text.split(change.old) : []
        if (parts.length !== 2) return own.replace(id, change, options)
        return own.edit(id, text, parts.join(change.new), options)
      },
    })),
  },
  {
    id: 'notes-insert-anywhere',
    breaks: 'Inserts in the middle of a character',
    scenario: 'notes.insert',
    system: notesWith((_scope, own) => ({
      async insert(id, index, added, options) {
        const { text } = await own.read(id)
        if (!(index > 0 && index < text.length)) return own.insert(id, index, added, options)
        return own.edit(id, text, (text.slice(0, index) + added + text.slice(index)).toWellFormed(), options)
      },
    })),
  },
  {
    id: 'notes-edit-overwrites',
    breaks: 'Makes the text what was wanted, whatever others have written since the base',
    scenario: 'notes.edit-never-deletes-what-others-wrote',
    system: notesWith((_scope, own) => ({
      edit: async (id, base, text, options) =>
        typeof id === 'string' && typeof base === 'object' && base !== null
          ? own.edit(id, await own.read(id), text, options)
          : own.edit(id, base, text, options),
    })),
  },
  {
    id: 'notes-edit-counts-nothing',
    breaks: 'Writes an update although nothing changes',
    scenario: 'notes.edit-nothing',
    system: notesWith((_scope, own) => ({
      async append(id, text, options) {
        if (text !== '') return own.append(id, text, options)
        await own.append(id, ' ', options)
        return own.replace(id, {
          old: `${(await own.read(id)).text}`,
          new: (await own.read(id)).text.slice(0, -1),
        })
      },
    })),
  },
  {
    id: 'notes-search-by-case',
    breaks: 'Minds the case in a search',
    scenario: 'notes.search',
    system: notesWith((_scope, own) => ({
      async search(workspaceId, text, options) {
        const found = await own.search(workspaceId, text, options)
        return found.filter(({ note, excerpt }) => note.title.includes(text) || excerpt?.includes(text))
      },
    })),
  },
  {
    id: 'notes-search-everywhere',
    breaks: 'Finds notes of other workspaces',
    scenario: 'notes.search',
    system: notesWith(({ engine }, own) => ({
      async search(workspaceId, text, options) {
        const found = await own.search(workspaceId, text, options)
        const others = new Set((await engine.find(notes)).map((note) => note.workspaceId))
        others.delete(workspaceId)
        for (const other of others) found.push(...(await own.search(other, text, options)))
        return found
      },
    })),
  },
  {
    id: 'notes-search-the-text-alone',
    breaks: 'Does not look for titles',
    scenario: 'notes.search-excerpt',
    system: notesWith((_scope, own) => ({
      search: async (...given) => (await own.search(...given)).filter(({ excerpt }) => excerpt !== null),
    })),
  },
  {
    id: 'notes-spec-twice',
    breaks: 'Looks for the spec, and makes it if there was none',
    scenario: 'notes.one-spec',
    also: ['notes.spec-deleted-while-ensured'],
    system: notesWith((_scope, own) => ({
      async ensureSpec(workspaceId, options) {
        if (typeof workspaceId !== 'string') return own.ensureSpec(workspaceId, options)
        const { items } = await own.list({ workspaceId, type: 'spec' }, { signal: options?.signal })
        await giveWay()
        const { title = 'Spec', text, signal } = options ?? {}
        return items[0] ?? own.create({ workspaceId, type: 'spec', title, text }, { signal })
      },
    })),
  },
  {
    id: 'notes-label-moves',
    breaks: 'Gives a name that is taken to another state',
    scenario: 'notes.label',
    system: notesWith(({ engine }, own) => ({
      async label(id, label, options) {
        const taken = { noteId: String(id), label: String(label) }
        await engine.remove(noteVersions, { where: taken }, options).catch(() => {})
        return own.label(id, label, options)
      },
    })),
  },
  {
    id: 'notes-restore-forgets',
    breaks: 'Restores a version and forgets those after it',
    scenario: 'notes.restore',
    system: notesWith(({ engine }, own) => ({
      async restore(id, label, options) {
        const restored = await own.restore(id, label, options)
        const [version] = await engine.find(noteVersions, { where: { noteId: id, label } })
        await engine.remove(noteVersions, { where: { noteId: id, seq: gt(version!.seq) } })
        return restored
      },
    })),
  },
  {
    id: 'notes-transactions-write-through',
    breaks: 'Writes what a transaction does into the open document, before it commits',
    scenario: 'notes.transaction-rolled-back',
    system: (system) => {
      const open = new Map<string, Y.Doc>()
      return {
        ...system,
        notes: {
          ...system.notes,
          async open(id, options) {
            const doc = await system.notes.open(id, options)
            open.set(id, doc)
            return doc
          },
        },
        transaction: (work, options) =>
          system.transaction((tx) => {
            const append: NoteStore['append'] = async (id, text, given) => {
              open.get(id)?.getText('content').insert(0, text)
              return tx.notes.append(id, text, given)
            }
            return work({ ...tx, notes: { ...tx.notes, append } })
          }, options),
      }
    },
  },
  {
    id: 'notes-listed-of-all-types',
    breaks: 'Lists notes of every type, whichever is asked for',
    scenario: 'notes.list',
    system: notesWith((_scope, own) => ({
      list: async (filter, options) => own.list(filter && { ...filter, type: undefined }, options),
    })),
  },
  {
    id: 'notes-specs-many',
    breaks: 'Lets a workspace have several specs',
    scenario: 'notes.spec-race',
    engine: schema((table) =>
      table === notes ? { ...table, indexes: table.indexes.filter(({ unique }) => !unique) } : table,
    ),
  },
]

function notesWith(overrides: (scope: Scope, own: NoteStore) => Partial<NoteStore>) {
  return stores((scope) => ({ notes: overrides(scope, scope.notes) }))
}

interface Tools {
  /** The write as it is. */
  own(): Promise<object | null>
  other(write: Write): Promise<object | null>
  /** The head's row as it was. */
  find(): Promise<Loose | undefined>
  remove(table: Table, where: Loose): Promise<unknown>
}

/** Writes with a step on this table, replaced; in the casts, what is written stays what it was or breaks the rule. */
function writing(
  table: Table,
  head: 'update' | 'insert',
  replaced: (write: Write, tools: Tools) => Promise<object | null>,
) {
  return verbs((own) => ({
    async write(given, options) {
      const write = given as Write
      if (!(head in write.head) || stepOn(write, table) === undefined) return own.write(given, options)
      return (await replaced(write, {
        own: () => own.write(given, options),
        other: (other) => own.write(other as typeof given, options),
        find: async () =>
          (
            await own.find(noteHeads, { where: (write.head as unknown as { where: never }).where })
          )[0],
        remove: (of, where) => own.remove(of, { where: where as never }),
      })) as never
    },
  }))
}

/** The step on this table. The cast: there is one for every write that is asked for it. */
function stepOn({ steps }: Write, table: Table) {
  const found = steps.find((step) => Object.values(step).includes(table))
  return found as { readonly rows?: readonly object[]; readonly where?: Loose }
}

/** The write with a guard less. */
function without(write: Write, key: string): Write {
  const head = write.head as { readonly where: Loose }
  const where = Object.fromEntries(Object.entries(head.where).filter(([name]) => name !== key))
  return { ...write, head: { ...head, where } } as unknown as Write
}

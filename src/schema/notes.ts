import {
  boolean,
  bytes,
  folded,
  id,
  integer,
  json,
  oneOf,
  searched,
  TITLE_LIMIT,
  text,
  timestamp,
} from './dsl/columns.ts'
import type { JsonObject } from './dsl/json.ts'
import { type Row, type Table, table } from './dsl/table.ts'
import { created, versioned } from './shared.ts'
import { tasks } from './tasks.ts'
import { workspaces } from './workspaces.ts'

/** Documents that people and agents write at once; what is in them is in the tables below. */
export const notes = table(
  'notes',
  {
    id: id().primaryKey(),
    workspaceId: id().references(() => workspaces, { onDelete: 'cascade' }),
    type: oneOf('spec', 'task', 'general').default('general'),
    title: text({ min: 1, max: TITLE_LIMIT }),
    titleFolded: folded('title'),
    assignedAgentIds: json<string[]>({ shape: 'list' }).default([]),
    parentId: id()
      .optional()
      .references((): Table => notes, { onDelete: 'set null' }),
    taskId: id()
      .optional()
      .references(() => tasks, { onDelete: 'set null' }),
    metadata: json<JsonObject>({ shape: 'object' }).default({}),
    /** Whether what was deleted from the document is forgotten. Fixed when the note is made. */
    gc: boolean().default(true),
    ...versioned,
    ...created,
  },
  {
    indexes: [
      { on: ['workspaceId'], unique: true, where: { type: 'spec' } },
      { on: ['workspaceId', 'createdAt', 'id'] },
      { on: ['parentId'] },
      { on: ['taskId'] },
      { on: ['title'], contains: true },
    ],
  },
)
export type NoteRow = Row<typeof notes>

/** Where a note's log stands. Apart from the note, because it changes with every edit. */
export const noteHeads = table(
  'note_heads',
  {
    noteId: id()
      .primaryKey()
      .references(() => notes, { onDelete: 'cascade' }),
    workspaceId: id(),
    /** Tells this log from that of another note that had the same id before. */
    epoch: id(),
    /** The newest update's. */
    seq: integer().default(0),
    /** The newest snapshot's, which holds all updates up to it. */
    snapshotSeq: integer().default(0),
    snapshotAt: timestamp(),
    /** Updates up to this one may have been removed. */
    floorSeq: integer().default(0),
    /** Bytes of the updates after the snapshot, and of the snapshot. */
    tailBytes: integer().default(0),
    stateBytes: integer().default(0),
    /** Something was logged since the text was last made searchable. */
    unsearched: boolean().default(false),
  },
  {
    indexes: [
      { on: ['workspaceId', 'noteId'] },
      { on: ['workspaceId', 'noteId'], where: { unsearched: true } },
    ],
  },
)
export type NoteHead = Row<typeof noteHeads>

/** The log: what was written, in the order of commits, without gaps above the head's `floorSeq`. */
export const noteUpdates = table(
  'note_updates',
  {
    noteId: id().references(() => notes, { onDelete: 'cascade' }),
    seq: integer(),
    workspaceId: id(),
    /** Who wrote it, as the writer said. */
    actor: id().optional(),
    at: timestamp(),
    /** A Yjs update, V1. */
    data: bytes(),
  },
  { primaryKey: ['noteId', 'seq'] },
)
export type NoteUpdate = Row<typeof noteUpdates>

/** Whole documents: the newest, and the one before. */
export const noteSnapshots = table(
  'note_snapshots',
  {
    noteId: id().references(() => notes, { onDelete: 'cascade' }),
    seq: integer(),
    workspaceId: id(),
    /** A Yjs state as an update: V2, deflated. */
    data: bytes(),
    at: timestamp(),
  },
  { primaryKey: ['noteId', 'seq'] },
)

const TEXT_LIMIT = 16_000_000

/** The plain text as of `seq`: kept beside the document so that reading never builds one. */
export const noteTexts = table(
  'note_texts',
  {
    noteId: id()
      .primaryKey()
      .references(() => notes, { onDelete: 'cascade' }),
    workspaceId: id(),
    seq: integer().default(0),
    text: text({ max: TEXT_LIMIT }).default(''),
  },
  { indexes: [{ on: ['workspaceId', 'noteId'] }] },
)

/**
 * The text as it is searched, as of `seq`. Apart from the text, because an index of every part of it is dear:
 * it follows when a document comes to rest, or when a search needs it.
 */
export const noteSearches = table(
  'note_searches',
  {
    noteId: id()
      .primaryKey()
      .references(() => notes, { onDelete: 'cascade' }),
    workspaceId: id(),
    seq: integer().default(0),
    text: searched({ max: TEXT_LIMIT }).default(''),
  },
  { indexes: [{ on: ['workspaceId', 'noteId'] }, { on: ['text'], contains: true }] },
)

/** States that were given a name. */
export const noteVersions = table(
  'note_versions',
  {
    id: id().primaryKey(),
    noteId: id().references(() => notes, { onDelete: 'cascade' }),
    workspaceId: id(),
    label: text({ min: 1, max: 128 }),
    seq: integer(),
    actor: id().optional(),
    data: bytes(),
    createdAt: timestamp(),
  },
  { indexes: [{ on: ['noteId', 'label'], unique: true }, { on: ['noteId', 'createdAt', 'id'] }] },
)
export type NoteVersionRow = Row<typeof noteVersions>

/** Who wrote which stretch of the log; made when the updates themselves are compacted. */
export const noteEdits = table(
  'note_edits',
  {
    noteId: id().references(() => notes, { onDelete: 'cascade' }),
    fromSeq: integer(),
    toSeq: integer(),
    workspaceId: id(),
    actor: id().optional(),
    firstAt: timestamp(),
    lastAt: timestamp(),
  },
  { primaryKey: ['noteId', 'fromSeq'] },
)
export type NoteEdit = Row<typeof noteEdits>

/** Who is at a note, as each place where people come in has told; what has expired says nothing. */
export const notePresence = table(
  'note_presence',
  {
    noteId: id().references(() => notes, { onDelete: 'cascade' }),
    /** A server, or a client that speaks for itself. */
    place: id(),
    workspaceId: id(),
    /** A y-protocols awareness update. */
    data: bytes(),
    expiresAt: timestamp(),
  },
  { primaryKey: ['noteId', 'place'] },
)

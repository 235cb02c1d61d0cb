/** What the crew makes, over and over. */

export const ROLES = ['planner', 'designer', 'builder', 'tester', 'reviewer'] as const
export type Role = (typeof ROLES)[number]

export interface Step {
  readonly key: string
  readonly title: string
  readonly role: Role
  readonly after?: readonly string[]
}

export interface Goal {
  readonly title: string
  readonly why: string
  readonly steps: readonly Step[]
}

export const GOALS: readonly Goal[] = [
  {
    title: 'Export to CSV',
    why: 'People copy rows by hand, a page at a time.',
    steps: [
      { key: 'columns', title: 'Choose the columns', role: 'designer' },
      { key: 'sketch', title: 'Sketch the export dialog', role: 'designer' },
      { key: 'stream', title: 'Stream rows from the database', role: 'builder', after: ['columns'] },
      { key: 'dialog', title: 'Build the export dialog', role: 'builder', after: ['sketch', 'columns'] },
      { key: 'million', title: 'Export a million rows', role: 'tester', after: ['stream'] },
      { key: 'keys', title: 'Export by keyboard alone', role: 'tester', after: ['dialog'] },
      { key: 'ship', title: 'Ship the export', role: 'builder', after: ['million', 'keys'] },
    ],
  },
  {
    title: 'Search that forgives',
    why: 'A typing mistake finds nothing, and nobody knows why.',
    steps: [
      { key: 'cases', title: 'Collect searches that failed', role: 'tester' },
      { key: 'fold', title: 'Fold accents and case', role: 'builder', after: ['cases'] },
      { key: 'rank', title: 'Rank near matches', role: 'builder', after: ['cases'] },
      { key: 'empty', title: 'Design the empty result', role: 'designer' },
      { key: 'page', title: 'Show why something matched', role: 'builder', after: ['rank', 'empty'] },
      { key: 'again', title: 'Run the failed searches again', role: 'tester', after: ['fold', 'rank'] },
    ],
  },
  {
    title: 'A calmer inbox',
    why: 'Forty notifications a day, of which three matter.',
    steps: [
      { key: 'count', title: 'Count what people open', role: 'tester' },
      { key: 'groups', title: 'Draw the grouped inbox', role: 'designer' },
      { key: 'digest', title: 'Gather the rest into a digest', role: 'builder', after: ['count'] },
      { key: 'inbox', title: 'Build the grouped inbox', role: 'builder', after: ['groups', 'count'] },
      { key: 'quiet', title: 'Respect quiet hours', role: 'builder', after: ['digest'] },
      { key: 'week', title: 'Replay a week of events', role: 'tester', after: ['inbox', 'quiet'] },
    ],
  },
  {
    title: 'Works offline',
    why: 'The train has a tunnel, and the form is empty after it.',
    steps: [
      { key: 'states', title: 'Name the states of a form', role: 'designer' },
      { key: 'draft', title: 'Keep drafts in the browser', role: 'builder', after: ['states'] },
      { key: 'merge', title: 'Merge what came meanwhile', role: 'builder', after: ['draft'] },
      { key: 'words', title: 'Say what is not saved yet', role: 'designer', after: ['states'] },
      { key: 'tunnel', title: 'Cut the line while typing', role: 'tester', after: ['merge', 'words'] },
    ],
  },
]

/** What a job of each kind says that it is doing, one after the other. */
export const ACTIVITIES = {
  design: ['reading what people said', 'sketching', 'trying it on a phone', 'choosing words'],
  build: ['reading the code', 'writing', 'writing tests', 'running the tests', 'cleaning up'],
  test: ['preparing data', 'running', 'reading what failed', 'running again'],
} as const
export type Kind = keyof typeof ACTIVITIES

export const KINDS: Readonly<Partial<Record<Role, Kind>>> = {
  designer: 'design',
  builder: 'build',
  tester: 'test',
}

export const FAILURES: Readonly<Record<Kind, readonly string[]>> = {
  design: ['The sketch could not be exported: the canvas was empty'],
  build: [
    'A test failed: expected 200 rows, got 199',
    'The build ran out of memory',
    'The branch has a conflict',
  ],
  test: [
    'Timed out after 30 s waiting for the page',
    'The test database was away',
    'One of 412 checks failed',
  ],
}

export const REMARKS: Readonly<Record<Kind, readonly string[]>> = {
  design: [
    'Two sketches, the plainer one is better.',
    'Fewer words than before.',
    'Tried at 390 pixels: fits.',
  ],
  build: ['Smaller than it looked.', 'One query instead of forty.', 'Behind a flag until it is tested.'],
  test: ['Green, twice.', 'Slowest case took 80 ms.', 'Found nothing that matters.'],
}

export const OBJECTIONS = [
  'the error is swallowed in one place',
  'the empty case is not handled',
  'needs a test that fails without it',
  'the name says less than it could',
]

/** The order of the test files: those that take long come first, so that no core is idle at the end. */

import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Vitest would go by the size of a file, and the longest ones are a line that calls for the suite. */
const LONGEST = [
  'conformance/postgres',
  'conformance/neon',
  'mutants',
  'notes/traces',
  'conformance/pglite',
  'db-scripts',
  'docs',
  'faults/nth-statement',
  'notes/crash',
  'conformance/sqlite',
  'differential',
  'system/lifetime',
  'system/hooks',
  'notes/leaks',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return found === -1 ? LONGEST.length : found
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

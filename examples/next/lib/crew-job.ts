/**
 * The crew is a job of the queue: whoever enqueues it starts the crew, whoever cancels it stops it, and a server that is
 * started again takes it up where it was. One per workspace, by its unique key.
 */
export const CREW_JOB = {
  queue: 'crew',
  kind: 'crew',
  title: 'The crew at work',
  uniqueKey: 'crew',
  // Each restart of the server is another attempt.
  maxAttempts: 1_000_000,
  maxBackoffMs: 5000,
} as const

/** The part of `pg`'s pool and its clients that is used; Neon's are alike. */

export interface PoolClient {
  query(config: object): Promise<{ rows: unknown[] }>
  release(error?: Error | boolean): void
  on(event: string, handler: (...args: never[]) => void): unknown
}
export interface Pool {
  connect(): Promise<PoolClient>
  end(): Promise<void>
  on(event: 'error', handler: () => void): unknown
}

// A mistake of whoever typed the command: one sentence with a remedy, and exit code 2.

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

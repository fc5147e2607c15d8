// Which failures may be told in public, in their own words: those of GitHub and git, and limits. Everything else is a bug,
// whose message may hold anything.
import { GitError } from '../git/command.ts'
import { CommitMissing, FetchFailed } from '../git/fetch.ts'
import { ApiError } from '../github/api/client.ts'
import { ThinkingFailed } from '../threads/threads.ts'

/** A sentence fit for the public, or null. */
export function publicReason(error: unknown): string | null {
  if (error instanceof GitError && error.reason === 'too-many-files') return sentence(error.message)
  // What git says of itself names directories of this machine.
  if (error instanceof GitError) return `git could not do its part (${error.reason}).`
  if (error instanceof FetchFailed) return sentence(error.message.replace(/ \(.*\)$/s, ''))
  const known = error instanceof ApiError || error instanceof CommitMissing || error instanceof ThinkingFailed
  return known ? sentence(error.message) : null
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.')
}

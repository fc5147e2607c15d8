// How many files a tree may have. The largest repositories that people work in have some hundred thousand; a tree of
// millions is made by whoever wants a machine to be busy, and git can say one of billions in a few hundred bytes.
import { GitError } from '../command.ts'

/** Files of one tree. */
export const MOST_FILES = 500_000
/** Bytes of a listing for each of them: with a mode, an id and a size, there is room for long paths. */
export const BYTES_PER_FILE = 256

export function tooManyFiles(most: number): GitError {
  const words = `the tree lists more than ${most.toLocaleString('en-US')} files, which is more than is read; keep the manifests in a repository of their own`
  return new GitError('too-many-files', words)
}

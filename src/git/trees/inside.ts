// Paths that stay inside the tree they are relative to.

/**
 * A relative path without `.` parts, doubled or trailing slashes; '' is the tree itself.
 * Throws on an absolute path, on `..` and on NUL: whoever asks has not checked its input.
 */
export function insidePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) {
    throw new Error(`${JSON.stringify(path)} is not a path inside the tree`)
  }
  return parts.join('/')
}

// Paths that others chose, for files that will be written somewhere.

/** Relative, written one way only, and inside of what it is relative to, on any system. */
export function isPlainPath(path: string): boolean {
  const parts = path.split('/')
  return (
    path.length <= 1000 &&
    !/[\\\p{Cc}]|^[A-Za-z]:/u.test(path) &&
    !parts.some((part) => part === '' || part === '.' || part === '..')
  )
}

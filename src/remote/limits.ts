// What one remote piece may cost. Charts and bases are far smaller; what is larger was not meant to be read.

export interface RemoteLimits {
  /** For everything that one piece needs, names and redirects included. */
  readonly milliseconds: number
  /** `index.yaml` of a chart repository, as it is sent. */
  readonly indexBytes: number
  /** An archive of a chart or a raw file, as it is sent. */
  readonly archiveBytes: number
  /** A pack of git; there are at most two for a folder. */
  readonly packBytes: number
  /** All files of a piece together. */
  readonly unpackedBytes: number
  /** Files of a piece. */
  readonly files: number
  /** Different pieces that one report may ask for. */
  readonly pieces: number
}

const MiB = 1024 * 1024

export const REMOTE_LIMITS: RemoteLimits = {
  milliseconds: 20_000,
  indexBytes: 20 * MiB,
  archiveBytes: 10 * MiB,
  packBytes: 32 * MiB,
  unpackedBytes: 50 * MiB,
  files: 5000,
  pieces: 100,
}

/** The moment at which a piece is given up. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Milliseconds that are left, at least 1. */
  readonly left: () => number
}

export function deadlineIn(milliseconds: number): Deadline {
  const end = Date.now() + milliseconds
  return { signal: AbortSignal.timeout(milliseconds), left: () => Math.max(1, end - Date.now()) }
}

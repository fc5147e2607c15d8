// The hidden line in the summary of a check run that says what the head was judged against, by which a later look
// knows that nothing has moved since.

/** Room for it is between what a summary is cut to and what GitHub takes. */
export function withGround(summary: string, baseRef: string, baseSha: string): string {
  return `${summary}\n\n${ground(baseRef, baseSha)}`
}

export interface Ground {
  readonly baseRef: string
  /** The tip of that branch. */
  readonly baseSha: string
}

/** What a summary was written for; null where it does not say. What stands above its last line may hold anything. */
export function groundOf(summary: string): Ground | null {
  const last = summary.trimEnd().split(/\r?\n/).at(-1) ?? ''
  const [, baseSha, encoded] = /^<!-- ambient-guard ([0-9a-f]{40,64}) (\S+) -->$/.exec(last) ?? []
  if (baseSha === undefined || encoded === undefined) return null
  try {
    return { baseRef: decodeURIComponent(encoded), baseSha }
  } catch {
    return null
  }
}

/** The name of a branch may hold what ends a comment. */
function ground(baseRef: string, baseSha: string): string {
  return `<!-- ambient-guard ${baseSha} ${encodeURIComponent(baseRef).replaceAll('-', '%2D')} -->`
}

// The hidden line in the summary of a check run that says what the head was judged against, by which a later look
// knows that nothing has moved since.

/** Room for it is between what a summary is cut to and what GitHub takes. */
export function withGround(summary: string, baseRef: string, baseSha: string): string {
  return `${summary}\n\n${ground(baseRef, baseSha)}`
}

/** Was a summary written for this tip of this branch? What stands above its last line may hold anything. */
export function isGroundedOn(summary: string, baseRef: string, baseSha: string): boolean {
  return summary.trimEnd().split(/\r?\n/).at(-1) === ground(baseRef, baseSha)
}

/** The name of a branch may hold what ends a comment. */
function ground(baseRef: string, baseSha: string): string {
  return `<!-- ambient-guard ${baseSha} ${encodeURIComponent(baseRef).replaceAll('-', '%2D')} -->`
}

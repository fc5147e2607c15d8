// How GitHub is asked: for so long, and for whole answers. Octokit has no time limit of its own, and takes an answer
// that breaks off for an empty text, which says nothing about what was done. Both become failures to reach GitHub.

/** Milliseconds. GitHub gives up on a request after ten seconds (docs: troubleshooting the REST API, timeouts). */
const LIMIT = 30_000

/** The `fetch` that Octokit is given. @param limit milliseconds from the request to the end of its answer */
export function wholeAnswers(limit = LIMIT): typeof fetch {
  return async (input, init = {}) => {
    const late = AbortSignal.timeout(limit)
    const signal = init.signal == null ? late : AbortSignal.any([init.signal, late])
    const response = await fetch(input, { ...init, signal })
    await response.clone().arrayBuffer()
    return response
  }
}

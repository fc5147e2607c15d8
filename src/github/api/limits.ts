// GitHub's limits: who waits for them, and where.
import type { ProbotOctokit } from 'probot'

/**
 * An Octokit that waits for no limit. Probot's own sleeps inside of a call until the hour of an installation is over, in
 * the place of a job that others need; here a call that is refused says so, and the job decides (`jobs/patience.ts`).
 */
export function refusedAtOnce(octokit: typeof ProbotOctokit): typeof ProbotOctokit {
  const isNotWaitedFor = (): boolean => false
  return octokit.defaults((options: { readonly throttle?: object }) => ({
    ...options,
    throttle: {
      ...options.throttle,
      onRateLimit: isNotWaitedFor,
      onSecondaryRateLimit: isNotWaitedFor,
    },
  }))
}

// The merge queue of a branch: groups wait in it until the app's check on their head is completed. Merging is then up
// to the story.
import type { World } from './world.ts'
import type { QueueEntry, QueueGroup, RepositoryRecord, RunRecord } from './records.ts'

export function enqueue(repo: RepositoryRecord, baseRef: string, group: QueueGroup): void {
  repo.queues.set(baseRef, [...(repo.queues.get(baseRef) ?? []), group])
}

export function leaveQueue(repo: RepositoryRecord, head: string): void {
  for (const [branch, groups] of repo.queues) {
    repo.queues.set(
      branch,
      groups.filter((group) => group.head !== head),
    )
  }
}

export function isQueued(repo: RepositoryRecord, head: string): boolean {
  return [...repo.queues.values()].flat().some((group) => group.head === head)
}

/** The entries in the order in which they merge; null where the branch has no queue. */
export function entriesOf(repo: RepositoryRecord, branch: string): (QueueEntry & { base: string })[] | null {
  const groups = repo.queues.get(branch)
  return groups?.flatMap(({ base, entries }) => entries.map((entry) => ({ ...entry, base }))) ?? null
}

/** What a queue waits for is the run that is named like the app. */
export function checked(world: World, run: RunRecord): void {
  if (run.name === world.slug && run.status === 'completed') leaveQueue(run.repo, run.headSha)
}

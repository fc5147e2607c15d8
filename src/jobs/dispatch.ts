// Which story a task begins.
import type { FleetBench } from './bench.ts'
import { commandJob, fixButtonJob } from './command.ts'
import type { Job } from './job.ts'
import { mergeGroupJob } from './merge-group.ts'
import { rerequestedJob } from './rerequested.ts'
import { reviewJob } from './review.ts'
import { sweepJob, sweepRepositoryJob } from './sweep.ts'
import type { Task } from './task.ts'

/** The job of a task. */
export function jobOf(bench: FleetBench, task: Task): Job {
  switch (task.kind) {
    case 'review-wanted':
      return reviewJob(bench, task, task.manner)
    case 'command-given':
      return commandJob(bench, task, task.swept === true)
    case 'button-pressed':
      return fixButtonJob(bench, task)
    case 'check-rerequested':
      return rerequestedJob(bench, task)
    case 'merge-group-requested':
      return mergeGroupJob(bench, task)
    case 'sweep-wanted':
      return sweepJob(bench, task)
    case 'repository-sweep-wanted':
      return sweepRepositoryJob(bench, task)
  }
}

// The other end of a thread: takes questions, one after the other.
import { constants, platform, setPriority } from 'node:os'
import { workerData } from 'node:worker_threads'
import { answer } from './question.ts'
import type { Question } from './question.ts'
import type { Thought } from './threads.ts'
import { layOutWorkshop } from './workshop.ts'
import type { WorkshopPlace } from './workshop.ts'

// Webhooks are answered before anything is thought about. On Linux this is of the thread that asks; elsewhere it would
// be of the whole process (setpriority(2), "C library/kernel differences").
if (platform() === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

const workshop = layOutWorkshop(workerData as WorkshopPlace)

/** Called by piscina. */
export default async function think(question: Question): Promise<Thought> {
  return { answer: await answer(question, workshop.of(question.config)), lookups: workshop.lookups() }
}

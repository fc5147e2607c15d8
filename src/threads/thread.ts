// The other end of a thread: takes questions, one after the other.
import { workerData } from 'node:worker_threads'
import { answer } from './question.ts'
import type { Question } from './question.ts'
import type { Thought } from './threads.ts'
import { layOutWorkshop } from './workshop.ts'
import type { WorkshopPlace } from './workshop.ts'

const workshop = layOutWorkshop(workerData as WorkshopPlace)

/** Called by piscina. */
export default async function think(question: Question): Promise<Thought> {
  return { answer: await answer(question, workshop.of(question.config)), lookups: workshop.lookups() }
}

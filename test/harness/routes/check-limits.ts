// The limits of the checks API (OpenAPI, checks/create and checks/update): those the schema states as numbers,
// and those it only tells in prose.
import type { Annotation, CheckAction } from '../types.ts'
import { invalid } from '../errors.ts'

const TEXT = 65_535
const ANNOTATIONS = 50
const ACTIONS = 3
/** Of an annotation; its message and raw_details are measured in bytes. */
const ANNOTATION_BYTES = 64 * 1024
const TITLE = 255
const ACTION_FIELDS = { label: 20, description: 40, identifier: 20 } as const
/** What an app may set; `waiting`, `requested`, `pending` and `stale` are GitHub's own. */
const STATUSES = ['queued', 'in_progress', 'completed']

interface Output {
  readonly title?: string
  readonly summary?: string
  readonly text?: string
  readonly annotations?: readonly Annotation[]
}

/** Throws 422 for a body GitHub would refuse. */
export function checkLimits(body: Readonly<Record<string, unknown>>, isNew: boolean): void {
  const status = body['status'] as string | undefined
  if (status !== undefined && !STATUSES.includes(status))
    throw refuse('status', `${status} is not for apps to set`)
  if (status === 'completed' && body['conclusion'] === undefined) {
    throw refuse('conclusion', 'is required when status is completed', 'missing_field')
  }
  if (body['conclusion'] === 'stale') throw refuse('conclusion', 'only GitHub can set stale')
  if (isNew && text(body['name']).trim() === '') throw refuse('name', 'is required', 'missing_field')
  checkOutput((body['output'] ?? null) as Output | null, isNew)
  checkActions((body['actions'] ?? []) as readonly CheckAction[])
}

function checkOutput(output: Output | null, isNew: boolean): void {
  if (output === null) return
  if (isNew && text(output.title).trim() === '') throw refuse('output.title', 'is required', 'missing_field')
  if (output.summary === undefined) throw refuse('output.summary', 'is required', 'missing_field')
  for (const key of ['summary', 'text'] as const) {
    const length = [...(output[key] ?? '')].length
    if (length > TEXT) {
      throw refuse(
        `output.${key}`,
        `Only ${String(TEXT)} characters are allowed; ${String(length)} were supplied.`,
      )
    }
  }
  const annotations = output.annotations ?? []
  if (annotations.length > ANNOTATIONS)
    throw refuse('output.annotations', `no more than ${String(ANNOTATIONS)} at once`)
  for (const annotation of annotations) checkAnnotation(annotation)
}

function checkAnnotation(annotation: Annotation): void {
  const { start_line: start, end_line: end, title = '' } = annotation
  if (start < 1 || end < start) throw refuse('output.annotations', `lines ${String(start)} to ${String(end)}`)
  const hasColumns = annotation.start_column !== undefined || annotation.end_column !== undefined
  if (hasColumns && start !== end) throw refuse('output.annotations', 'columns only within one line')
  if ([...title].length > TITLE) throw refuse('output.annotations', `title is longer than ${String(TITLE)}`)
  for (const key of ['message', 'raw_details'] as const) {
    if (Buffer.byteLength(annotation[key] ?? '') > ANNOTATION_BYTES)
      throw refuse('output.annotations', `${key} is too long`)
  }
}

function checkActions(actions: readonly CheckAction[]): void {
  if (actions.length > ACTIONS) throw refuse('actions', `no more than ${String(ACTIONS)}`)
  for (const action of actions) {
    for (const [key, most] of Object.entries(ACTION_FIELDS)) {
      const length = [...text(action[key as keyof CheckAction])].length
      if (length === 0 || length > most)
        throw refuse(`actions.${key}`, `must have 1 to ${String(most)} characters`)
    }
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function refuse(field: string, message: string, code = 'invalid'): Error {
  return invalid('CheckRun', field, `${field}: ${message}`, code)
}

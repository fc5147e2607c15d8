// Where GitHub's description is wrong about GitHub: each entry says what really happens. Keep it short; an
// entry that is no longer needed should go.
import type { Schema } from './schemas.ts'

export interface Correction {
  readonly schema: string
  readonly why: string
  readonly apply: (schema: Schema) => void
}

export const corrections: readonly Correction[] = [
  {
    schema: 'pull-request-review-comment',
    why: 'line and position are null once a comment is outdated, and for a comment on a file',
    apply: (schema) => {
      nullable(schema, 'line', 'position', 'original_line', 'original_position')
    },
  },
  {
    schema: 'review-comment',
    why: 'the same, in the list of the comments of a review',
    apply: (schema) => {
      nullable(schema, 'line', 'original_line', 'original_position')
    },
  },
]

function nullable(schema: Schema, ...names: readonly string[]): void {
  for (const name of names) {
    const property = schema.properties?.[name]
    if (property === undefined)
      throw new Error(`the description has no ${name} any more: drop the correction`)
    property.nullable = true
  }
}

// Where GitHub's description is wrong about GitHub: each entry says what really happens. Keep it short. An
// entry that does not find what it corrects throws, so that it goes when the description is mended.
import type { Description, Schema } from './schemas.ts'

export interface Correction {
  readonly why: string
  readonly apply: (description: Description) => void
}

export const corrections: readonly Correction[] = [
  {
    why: 'line and position of a review comment are null once it is outdated, and for a comment on a file',
    apply: ({ components: { schemas } }) => {
      nullable(
        schemas['pull-request-review-comment'],
        'line',
        'position',
        'original_line',
        'original_position',
      )
      nullable(schemas['review-comment'], 'line', 'original_line', 'original_position')
    },
  },
  {
    why: 'the list of installations asks for accounts that are a user and an enterprise at once',
    apply: ({ paths }) => {
      const answer =
        paths['/app/installations']?.['get']?.responses['200']?.content?.['application/json']?.schema
      const account = must(answer?.items?.properties?.['account'])
      account.anyOf = must(account.allOf)
      delete account.allOf
    },
  },
]

function nullable(schema: Schema | undefined, ...names: readonly string[]): void {
  for (const name of names) must(schema?.properties?.[name]).nullable = true
}

function must<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('the description has changed: look at the corrections')
  return found
}

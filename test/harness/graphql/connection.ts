// A connection: one page of a list, which has to be asked for, a hundred at most (docs: rate and node limits).
import { FieldError } from './execute.ts'
import type { Args, Type } from './execute.ts'
import type { Takes } from './fields.ts'

export const PAGE: Takes = { first: 'Int', last: 'Int', after: 'String', before: 'String' }

export function connection(of: string, all: readonly Type[], args: Args): Type {
  const { first, last, after, before } = args as {
    first?: number
    last?: number
    after?: string
    before?: string
  }
  if ((first ?? last) == null) {
    throw new FieldError(
      'MISSING_PAGINATION_BOUNDARIES',
      `You must provide a \`first\` or \`last\` value on the connection of ${of}.`,
    )
  }
  if ((first ?? last ?? 0) > 100) {
    throw new FieldError(
      'EXCESSIVE_PAGINATION',
      `Requesting ${String(first ?? last)} records exceeds the \`first\` limit of 100 records.`,
    )
  }
  const low = after == null ? 0 : Number(after)
  const high = before == null ? all.length : Number(before) - 1
  const from = first == null ? Math.max(low, high - (last ?? 0)) : low
  const to = first == null ? high : Math.min(high, low + first)
  const nodes = all.slice(from, to)
  return {
    __typename: `${of}Connection`,
    totalCount: all.length,
    nodes,
    edges: nodes.map((node, index) => ({ __typename: `${of}Edge`, node, cursor: String(from + index + 1) })),
    pageInfo: {
      __typename: 'PageInfo',
      hasNextPage: to < all.length,
      hasPreviousPage: from > 0,
      startCursor: nodes.length === 0 ? null : String(from + 1),
      endCursor: nodes.length === 0 ? null : String(to),
    },
  }
}

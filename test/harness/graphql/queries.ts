// Root fields of queries. A repository outside the token's reach does not resolve.
import { allows, reaches } from '../server/tokens.ts'
import { account } from './accounts.ts'
import { FieldError } from './execute.ts'
import type { Type } from './execute.ts'
import { field, seenAs } from './fields.ts'
import type { Interface } from './fields.ts'
import { findNode, nodeType } from './nodes.ts'
import { repository } from './repository.ts'
import type { Viewer } from './viewer.ts'

const NODE: Interface = { name: 'Node', fields: ['id'] }

export function queries(viewer: Viewer): Record<string, unknown> {
  const { world, token } = viewer
  const node = (id: unknown): Type => seenAs(NODE, nodeType(viewer, findNode(world, token, String(id))))
  return {
    repository: field({ owner: { required: 'String' }, name: { required: 'String' } }, ({ owner, name }) => {
      const repo = world.repository(String(owner), String(name))
      if (repo === undefined || !reaches(world, token, repo)) {
        const full = `${String(owner)}/${String(name)}`
        throw new FieldError('NOT_FOUND', `Could not resolve to a Repository with the name '${full}'.`)
      }
      if (
        !allows(token.permissions, 'contents', 'read') &&
        !allows(token.permissions, 'pull_requests', 'read')
      ) {
        throw new FieldError('FORBIDDEN', 'Resource not accessible by integration')
      }
      return repository(viewer, repo)
    }),
    node: field({ id: { required: 'String' } }, ({ id }) => node(id)),
    nodes: field({ ids: { required: { list: 'String' } } }, ({ ids }) => [ids].flat().map(node)),
    // The viewer is a user by the schema, and an app is one with its brackets.
    viewer: () => ({ ...account(world.bot), __typename: 'User', login: world.bot.login }),
    rateLimit: (): Type => ({ __typename: 'RateLimit', limit: 5000, cost: 1, remaining: 4999, used: 1 }),
  }
}

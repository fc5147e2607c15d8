// Root fields of queries. A repository outside the token's reach does not resolve.
import type { TokenRecord } from '../server/tokens.ts'
import { allows, reaches } from '../server/tokens.ts'
import type { World } from '../model/world.ts'
import { FieldError } from './execute.ts'
import type { Args, Type } from './execute.ts'
import { findNode, nodeType } from './nodes.ts'
import { repository } from './types.ts'

export function queries(world: World, token: TokenRecord): Record<string, unknown> {
  return {
    repository: ({ owner, name }: Args): Type => {
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
      return repository(world, repo)
    },
    node: ({ id }: Args): Type => nodeType(world, findNode(world, token, String(id))),
    nodes: ({ ids }: Args): Type[] =>
      (ids as string[]).map((id) => nodeType(world, findNode(world, token, id))),
    viewer: (): Type => {
      const { bot } = world
      return { __typename: 'User', login: bot.login, databaseId: bot.id, id: `U_${String(bot.id)}` }
    },
    rateLimit: (): Type => ({ __typename: 'RateLimit', limit: 5000, cost: 1, remaining: 4999, used: 1 }),
  }
}

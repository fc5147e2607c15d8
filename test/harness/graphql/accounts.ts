// Accounts, which fields name by an interface: their number is behind a fragment.
import type { Account } from '../model/records.ts'
import type { Type } from './execute.ts'
import { seenAs } from './fields.ts'
import type { Interface } from './fields.ts'

const ACTOR: Interface = { name: 'Actor', fields: ['avatarUrl', 'login', 'resourcePath', 'url'] }
const OWNER: Interface = { name: 'RepositoryOwner', fields: [...ACTOR.fields, 'id'] }

/** Bots lose their suffix in GraphQL: the login of `x[bot]` is `x`. */
export function account({ id, login, type }: Account): Type {
  return {
    __typename: type,
    login: login.replace(/\[bot\]$/, ''),
    databaseId: id,
    id: `U_${String(id)}`,
  }
}

export function actor(of: Account): Type {
  return seenAs(ACTOR, account(of))
}

export function owner(of: Account): Type {
  return seenAs(OWNER, account(of))
}

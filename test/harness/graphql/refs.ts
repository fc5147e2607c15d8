// Branches, and what they point at.
import type { RepositoryRecord } from '../model/records.ts'
import { commit } from './checks.ts'
import type { Type } from './execute.ts'
import { seenAs } from './fields.ts'
import type { Interface } from './fields.ts'
import type { Viewer } from './viewer.ts'

export const GIT_OBJECT: Interface = {
  name: 'GitObject',
  fields: ['abbreviatedOid', 'commitResourcePath', 'commitUrl', 'id', 'oid', 'repository'],
}

/** A branch by its name; null where there is none. */
export async function ref(viewer: Viewer, repo: RepositoryRecord, branch: string): Promise<Type | null> {
  const oid = await repo.git.commitOf(`refs/heads/${branch}`)
  if (oid === null) return null
  return {
    __typename: 'Ref',
    id: `REF_${String(repo.id)}_${branch}`,
    name: branch,
    prefix: 'refs/heads/',
    target: () => seenAs(GIT_OBJECT, commit(viewer, repo, oid)),
  }
}

// Committing to a branch: exactly on the head that was judged, as the app, signed by GitHub.
import { ApiError, ONCE, ask, isRefusal } from './client.ts'
import type { Client, RepositoryName } from './client.ts'

export interface NewFile {
  readonly path: string
  /** As git writes it. */
  readonly mode: string
  readonly bytes: Uint8Array
}

export interface NewCommit {
  readonly repository: RepositoryName
  readonly branch: string
  /** The head it goes on; anything else there is refused as `stale`. */
  readonly head: string
  readonly subject: string
  readonly body: string
  readonly files: readonly NewFile[]
}

/** Commits, and answers with the new commit. @throws ApiError `stale` when the branch has moved */
export async function commitFiles(client: Client, commit: NewCommit): Promise<string> {
  // createCommitOnBranch cannot set a mode: an executable file would become a plain one.
  return commit.files.every(({ mode }) => mode === '100644')
    ? onBranch(client, commit)
    : throughTree(client, commit)
}

const MUTATION = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}`

async function onBranch(client: Client, commit: NewCommit): Promise<string> {
  const { owner, name } = commit.repository
  const answer = await ask(`commit to ${commit.branch}`, () =>
    client.octokit.graphql<{ createCommitOnBranch: { commit: { oid: string } } }>(MUTATION, {
      ...ONCE,
      input: {
        branch: { repositoryNameWithOwner: `${owner}/${name}`, branchName: commit.branch },
        message: { headline: commit.subject, body: commit.body },
        expectedHeadOid: commit.head,
        fileChanges: {
          additions: commit.files.map(({ path, bytes }) => ({
            path,
            contents: Buffer.from(bytes).toString('base64'),
          })),
        },
      },
    }),
  )
  return answer.createCommitOnBranch.commit.oid
}

/** Blobs, a tree, a commit on the head, and the branch moved forward, never by force. No author: GitHub signs it. */
async function throughTree(client: Client, commit: NewCommit): Promise<string> {
  const at = { owner: commit.repository.owner, repo: commit.repository.name }
  const doing = `commit to ${commit.branch}`
  const { git } = client.octokit.rest
  const tree = await Promise.all(
    commit.files.map(async ({ path, mode, bytes }) => {
      const content = Buffer.from(bytes).toString('base64')
      const { data } = await ask(doing, () => git.createBlob({ ...at, content, encoding: 'base64' }))
      return { path, mode: mode === '100755' ? '100755' : '100644', type: 'blob', sha: data.sha } as const
    }),
  )
  const { data: parent } = await ask(doing, () => git.getCommit({ ...at, commit_sha: commit.head }))
  const { data: newTree } = await ask(doing, () =>
    git.createTree({ ...at, base_tree: parent.tree.sha, tree }),
  )
  const message = `${commit.subject}\n\n${commit.body}`
  const { data: made } = await ask(doing, () =>
    git.createCommit({ ...at, message, tree: newTree.sha, parents: [commit.head] }),
  )
  try {
    await ask(doing, () =>
      git.updateRef({ ...at, ...ONCE, ref: `heads/${commit.branch}`, sha: made.sha, force: false }),
    )
  } catch (error) {
    if (isRefusal(error, 'unprocessable') && /fast forward/i.test(error.message)) {
      throw new ApiError('stale', error.status, error.message)
    }
    throw error
  }
  return made.sha
}

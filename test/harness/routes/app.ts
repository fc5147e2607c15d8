// The app about itself: who it is, where it is installed, and its tokens.
import type { Level } from '../types.ts'
import { ApiError, forbidden, notFound } from '../errors.ts'
import { app, installation } from '../shapes/people.ts'
import { repository } from '../shapes/repositories.ts'
import { allows, reaches } from '../server/tokens.ts'
import { appOnly, page, token } from '../server/routing.ts'
import type { Answer, Call, Route } from '../server/routing.ts'

const TOKEN_SECONDS = 3600

export const appRoutes: readonly Route[] = [
  { method: 'GET', template: '/app', handle: getApp },
  { method: 'GET', template: '/app/installations', handle: listInstallations },
  { method: 'GET', template: '/app/installations/{installation_id}', handle: getInstallation },
  { method: 'POST', template: '/app/installations/{installation_id}/access_tokens', handle: createToken },
  { method: 'GET', template: '/repos/{owner}/{repo}/installation', handle: repositoryInstallation },
  { method: 'GET', template: '/installation/repositories', handle: listRepositories },
]

function getApp(call: Call): Answer {
  appOnly(call)
  return { status: 200, body: app(call.world) }
}

function listInstallations(call: Call): Answer {
  appOnly(call)
  const { items, headers } = page(call, [...call.world.installations.values()])
  return { status: 200, body: items.map((item) => installation(call.world, item)), headers }
}

function getInstallation(call: Call): Answer {
  appOnly(call)
  const record = call.world.installationById(Number(call.params['installation_id']))
  return { status: 200, body: installation(call.world, record) }
}

function repositoryInstallation(call: Call): Answer {
  appOnly(call)
  const repo = call.world.repository(call.params['owner'] ?? '', call.params['repo'] ?? '')
  const record = repo === undefined ? undefined : call.world.installationOf(repo)
  if (record === undefined) throw notFound()
  return { status: 200, body: installation(call.world, record) }
}

function createToken(call: Call): Answer {
  appOnly(call)
  const { world, body } = call
  const record = world.installationById(Number(call.params['installation_id']))
  if (record.suspendedAt !== null) throw forbidden('This installation has been suspended')
  const all = world.repositoriesOf(record)
  const names = body['repositories'] as string[] | undefined
  const ids = body['repository_ids'] as number[] | undefined
  const chosen = all.filter(
    (repo) =>
      names?.some((name) => name.toLowerCase() === repo.name.toLowerCase()) ?? ids?.includes(repo.id) ?? true,
  )
  const wanted = names?.length ?? ids?.length ?? chosen.length
  if (chosen.length !== wanted) {
    throw new ApiError(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  }
  const permissions = (body['permissions'] ?? world.permissions) as Record<string, Level>
  for (const [name, level] of Object.entries(permissions)) {
    if (!allows(world.permissions, name, level)) {
      throw new ApiError(422, 'The permissions requested are not granted to this installation.')
    }
  }
  const selected = names !== undefined || ids !== undefined
  const issued = call.tokens.issue(
    { installation: record, permissions, repositories: selected ? chosen : null },
    TOKEN_SECONDS,
  )
  return {
    status: 201,
    body: {
      token: issued.text,
      expires_at: world.iso(issued.expiresAt),
      permissions: { ...permissions, metadata: 'read' },
      repository_selection: 'selected',
      ...(selected ? { repositories: chosen.map((repo) => repository(world, repo)) } : {}),
    },
  }
}

function listRepositories(call: Call): Answer {
  const record = token(call)
  if (!allows(record.permissions, 'metadata', 'read')) throw forbidden()
  const all = [...call.world.repositories.values()].filter((repo) => reaches(call.world, record, repo))
  const { items, headers } = page(call, all)
  const repositories = items.map((repo) => repository(call.world, repo))
  return {
    status: 200,
    body: { total_count: all.length, repository_selection: 'selected', repositories },
    headers,
  }
}

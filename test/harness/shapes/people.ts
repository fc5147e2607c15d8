// How GitHub prints accounts, the app, and its installations.
import type { World } from '../model/world.ts'
import type { Account, InstallationRecord, RepositoryRecord } from '../model/records.ts'

type Json = Record<string, unknown>

/** OpenAPI `simple-user`. */
export function user(world: World, account: Account): Json {
  const name = encodeURIComponent(account.login)
  const url = `${world.api}/users/${name}`
  return {
    login: account.login,
    id: account.id,
    node_id: `U_${String(account.id)}`,
    avatar_url: `${world.origin}/avatars/u/${String(account.id)}`,
    gravatar_id: '',
    url,
    html_url: account.type === 'Bot' ? `${world.origin}/apps/${world.slug}` : `${world.origin}/${name}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    site_admin: false,
  }
}

/** OpenAPI `integration`. */
export function app(world: World): Json {
  return {
    id: world.appId,
    slug: world.slug,
    client_id: `Iv1.${String(world.appId)}`,
    node_id: `A_${String(world.appId)}`,
    owner: user(world, world.account('app-owner', 'Organization')),
    name: world.slug,
    description: null,
    external_url: `${world.origin}/apps/${world.slug}`,
    html_url: `${world.origin}/apps/${world.slug}`,
    created_at: world.createdAt,
    updated_at: world.createdAt,
    permissions: world.permissions,
    events: world.events,
  }
}

/** OpenAPI `installation`. */
export function installation(world: World, record: InstallationRecord): Json {
  return {
    id: record.id,
    account: user(world, record.account),
    repository_selection: 'selected',
    access_tokens_url: `${world.api}/app/installations/${String(record.id)}/access_tokens`,
    repositories_url: `${world.api}/installation/repositories`,
    html_url: `${world.origin}/settings/installations/${String(record.id)}`,
    app_id: world.appId,
    app_slug: world.slug,
    target_id: record.account.id,
    target_type: record.account.type,
    permissions: world.permissions,
    events: world.events,
    created_at: record.createdAt,
    updated_at: record.createdAt,
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: record.suspendedAt === null ? null : user(world, record.account),
    suspended_at: record.suspendedAt,
  }
}

/**
 * `author_association` as apps see it. On GitHub it is unreliable (private members show as CONTRIBUTOR), so
 * here it is CONTRIBUTOR for everyone but the owner: whoever builds on it finds out.
 */
export function association(repo: RepositoryRecord, account: Account): string {
  return repo.owner === account ? 'OWNER' : 'CONTRIBUTOR'
}

// Where rendering begins when nobody says so: at objects of controllers that point at where they stand themselves, at
// kustomizations that nobody includes, at plain files that nothing takes in. Whatever is left over when all of that is
// rendered becomes a beginning, too: nothing that somebody may apply is passed over.
import { posix } from 'node:path'
import { groupKindOf, nameIn, titleOf } from '../core/kubernetes/identity.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import type { Host } from '../core/kubernetes/origin.ts'
import { isJudged } from '../core/kubernetes/state.ts'
import { grouped } from '../core/source/grouped.ts'
import { compareText } from '../core/source/problem.ts'
import type { Problem } from '../core/source/problem.ts'
import { controllerOf } from './controllers.ts'
import type { Seed } from './expand.ts'
import type { Listing } from './listing.ts'
import type { ParsedFile } from './parse.ts'
import { argoClaims } from './renderers/argocd/render.ts'
import { fluxPaths } from './renderers/flux/render.ts'
import { closureOf, kustomizationAt } from './renderers/kustomize/closure.ts'
import type { Closure } from './renderers/kustomize/closure.ts'
import type { SourceTree } from './source-tree.ts'
import type { Kitchen, Unit } from './unit.ts'
import { isWithin } from './source-tree.ts'

/** What a tree, or the part of it that belongs to a cluster, is made of. */
export interface Survey {
  readonly listing: Listing
  /** Files that hold something to apply or something wrong, and that no kustomization takes in. */
  readonly plain: readonly ParsedFile[]
  /** Kustomizations that are applied if nothing else takes them in. */
  readonly kustomizations: readonly Closure[]
  readonly charts: readonly string[]
  readonly claims: readonly Claim[]
  /** Files of a kustomization's own folder that it does not name. */
  readonly unlisted: readonly ParsedFile[]
}

/** An object of a controller, as it is written, and the paths of this tree that it points at. */
interface Claim {
  readonly manifest: Manifest
  readonly controller: 'argocd' | 'flux'
  readonly paths: readonly string[]
}

/**
 * Looks at everything that `isOurs`, by one of its paths; renders nothing. `parsed` are the plain files of the whole
 * tree. A kustomization is ours where its folder is or its file, and so is a chart: paths may name either.
 */
export async function survey(
  listing: Listing,
  parsed: readonly ParsedFile[],
  isOurs: (...paths: readonly string[]) => boolean,
  kitchen: Pick<Kitchen, 'tree' | 'isThisTree'>,
): Promise<Survey> {
  const closures = await Promise.all(
    listing.kustomizations
      .filter((folder) => isOurs(folder, kustomizationAt(listing.tree, folder) ?? folder))
      .map((folder) => closureOf(folder, listing.tree)),
  )
  const taken = new Set(closures.flatMap(({ files }) => files))
  const included = new Set(
    closures.flatMap(({ folder, kustomizations }) =>
      kustomizations.map((file) => file.folder).filter((other) => other !== folder),
    ),
  )
  // Of one that cannot be read, nobody knows what it names.
  const readable = closures.filter(({ kustomizations }) => kustomizations.length > 0)
  const withKustomization = new Set(readable.map(({ folder }) => folder))
  const unreadable = new Set(closures.filter((one) => !readable.includes(one)).map(({ folder }) => folder))
  const ours = parsed.filter(({ path }) => isOurs(path))
  const free = ours.filter(
    ({ path, manifests, problems }) =>
      !taken.has(path) &&
      !unreadable.has(posix.dirname(path)) &&
      (manifests.length > 0 || problems.length > 0),
  )
  const isUnlisted = ({ path }: ParsedFile): boolean => withKustomization.has(posix.dirname(path))
  const raw = ours.flatMap(({ manifests }) => manifests)
  return {
    listing,
    plain: free.filter((file) => !isUnlisted(file)),
    unlisted: free.filter((file) => isUnlisted(file) && file.manifests.some(isJudged)),
    kustomizations: closures.filter(({ folder, isComponent }) => !isComponent && !included.has(folder)),
    charts: listing.charts.filter((folder) => isOurs(folder, posix.join(folder, 'Chart.yaml'))),
    claims: await claimsOf(raw, kitchen),
  }
}

async function claimsOf(
  manifests: readonly Manifest[],
  kitchen: Pick<Kitchen, 'tree' | 'isThisTree'>,
): Promise<readonly Claim[]> {
  const byKind = grouped(manifests, groupKindOf)
  const find = (kind: string, namespace: string, name: string): Manifest | null =>
    (byKind.get(kind) ?? []).find(
      (one) => nameIn(one) === name && (namespaceOf(one.object) ?? namespace) === namespace,
    ) ?? null
  const all = (kind: string): readonly Manifest[] => byKind.get(kind) ?? []
  const claims: Claim[] = []
  for (const manifest of manifests) {
    const controller = controllerOf(manifest)
    if (controller === null) continue
    const look = { ...kitchen, find, all }
    const paths = controller === 'argocd' ? await argoClaims(manifest, look) : fluxPaths(manifest, look)
    if (paths.length > 0) claims.push({ manifest, controller, paths })
  }
  return claims
}

/** Where to begin: what nothing else in the tree points at. */
export async function firstSeeds({
  claims,
  plain,
  kustomizations,
  listing,
}: Survey): Promise<readonly Seed[]> {
  const isClaimed = (path: string): boolean =>
    claims.some(({ paths }) => paths.some((claimed) => isWithin(path, claimed)))
  return [
    ...entries(claims).map((claim) => claimSeed(claim)),
    ...(await kustomizationSeeds(
      listing.tree,
      kustomizations.filter(({ folder }) => !isClaimed(folder)),
    )),
    ...plainSeeds(
      listing.tree,
      plain.filter(({ path }) => !isClaimed(path)),
    ),
  ]
}

/** What is still missing from `covered`, the inputs of everything that was rendered. */
export async function leftSeeds(
  { plain, kustomizations, listing }: Survey,
  covered: ReadonlySet<string>,
): Promise<readonly Seed[]> {
  return [
    ...(await kustomizationSeeds(
      listing.tree,
      kustomizations.filter(({ folder }) => {
        const path = kustomizationAt(listing.tree, folder)
        return path !== null && !covered.has(path)
      }),
    )),
    ...plainSeeds(
      listing.tree,
      plain.filter(({ path }) => !covered.has(path)),
    ),
  ]
}

/**
 * Objects whose claim holds their own file, as `flux bootstrap` and an app of apps do: nothing leads to them but
 * themselves. Of several that hold each other, the widest claim is the beginning.
 */
function entries(claims: readonly Claim[]): readonly Claim[] {
  const fileOf = ({ manifest }: Claim): string => manifest.origin.file.path
  const holds = (claim: Claim, path: string): boolean =>
    claim.paths.some((claimed) => isWithin(path, claimed))
  const width = ({ paths }: Claim): number => Math.min(...paths.map((path) => path.length))
  return claims.filter(
    (claim, index) =>
      holds(claim, fileOf(claim)) &&
      !claims.some(
        (other, at) =>
          other !== claim &&
          holds(other, fileOf(claim)) &&
          (!holds(claim, fileOf(other)) ||
            width(other) < width(claim) ||
            (width(other) === width(claim) && at < index)),
      ),
  )
}

function claimSeed({ manifest, controller, paths }: Claim): Seed {
  const path = paths.find((claimed) => isWithin(manifest.origin.file.path, claimed)) ?? '.'
  const unit: Unit = {
    kind: controller,
    manifest,
    title: titleOf(manifest),
    namespace: null,
    cluster: null,
    at: placeOf(manifest.origin, []),
    host: null,
  }
  return { path, plain: false, units: [unit] }
}

async function kustomizationSeeds(tree: SourceTree, closures: readonly Closure[]): Promise<readonly Seed[]> {
  const seeds = await Promise.all(
    closures.map(async ({ folder }): Promise<Seed[]> => {
      const path = kustomizationAt(tree, folder)
      if (path === null) return []
      const host: Host = {
        kind: 'kustomization',
        folder,
        file: await tree.text(path),
        names: new Set(tree.names(folder)),
      }
      const unit: Unit = {
        kind: 'kustomize',
        title: `kustomization ${folder}`,
        namespace: null,
        cluster: null,
        at: { path, line: 1 },
        host,
        folder,
        additions: {},
        generated: null,
        substitutions: null,
        reachesOut: false,
      }
      return [{ path: folder, plain: false, units: [unit] }]
    }),
  )
  return seeds.flat()
}

/** One for each folder: environments are told apart by folders, and a large tree has many files in each. */
function plainSeeds(tree: SourceTree, files: readonly ParsedFile[]): readonly Seed[] {
  const byFolder = grouped(files, ({ path }) => posix.dirname(path))
  return [...byFolder]
    .sort(([a], [b]) => compareText(a, b))
    .map(([folder, some]): Seed => {
      const unit: Unit = {
        kind: 'plain',
        title: `manifests in ${folder}`,
        namespace: null,
        cluster: null,
        at: { path: some[0]?.path ?? folder, line: 1 },
        host: { kind: 'folder', folder, file: null, names: new Set(tree.names(folder)) },
        paths: some.map(({ path }) => path),
      }
      return { path: folder, plain: true, units: [unit] }
    })
}

/** What nobody applies, as far as the tree shows: told where a change touches it. */
export async function unapplied(
  { charts, listing, unlisted }: Survey,
  covered: ReadonlySet<string>,
): Promise<readonly Problem[]> {
  const idle = charts.filter((folder) => !covered.has(posix.join(folder, 'Chart.yaml')))
  const texts = await Promise.all(idle.map((folder) => listing.tree.text(posix.join(folder, 'Chart.yaml'))))
  return [
    ...idle.flatMap((folder, index) =>
      /^type:\s*["']?library\b/m.test(texts[index]?.text ?? '') ? [] : [notInstalled(folder)],
    ),
    ...unlisted.filter(({ path }) => !covered.has(path)).map(({ path }) => notListed(path)),
  ]
}

/**
 * Objects in a file whose extension is in capitals. Whoever is given a folder passes it over: kubectl (cli-runtime,
 * pkg/resource/visitor.go, ignoreFile), Argo CD (reposerver/repository, manifestFile), and Flux where it generates a
 * kustomization (fluxcd/pkg, kustomize/kustomize_generator.go). A kustomization may name it.
 */
export function inCapitals(files: readonly ParsedFile[], covered: ReadonlySet<string>): readonly Problem[] {
  return files
    .filter(
      ({ path, manifests, problems }) =>
        !covered.has(path) && (manifests.some(isJudged) || problems.length > 0),
    )
    .map(({ path }) => ({
      path,
      line: 1,
      code: 'extension-in-capitals',
      class: 'unseen',
      message: `${path} was not judged: whoever applies a folder takes files that end in .yaml, .yml or .json, in small letters.`,
      remedy: 'Rename it if it is to be applied, or leave it out with ignorePaths.',
      hides: { namespaces: [], under: [path] },
    }))
}

function notInstalled(folder: string): Problem {
  return {
    path: posix.join(folder, 'Chart.yaml'),
    line: 1,
    code: 'chart-not-rendered',
    class: 'unseen',
    message: `Nothing in the tree installs the chart in ${folder}: with which values and into which namespace is not known, and the objects that it makes are not seen.`,
    remedy:
      'Keep a HelmRelease or an Application of it in the tree, or what it renders to; or leave it out with ignorePaths.',
    hides: { namespaces: [], under: [folder] },
  }
}

function notListed(path: string): Problem {
  const folder = posix.dirname(path)
  return {
    path,
    line: 1,
    code: 'not-in-kustomization',
    class: 'unseen',
    message: `The kustomization in ${folder} does not name ${posix.basename(path)}: it is not applied with the others, and was not judged.`,
    remedy: 'Add it to the resources of the kustomization, or remove it.',
    hides: { namespaces: [] },
  }
}

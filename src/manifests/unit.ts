// What is rendered. A unit is something that a controller or a person applies as a whole; a renderer turns one kind
// of unit into objects and further units, and knows none of the other renderers.
import type { Manifest } from '../core/kubernetes/manifest.ts'
import type { Host, Place } from '../core/kubernetes/origin.ts'
import type { Problem } from '../core/source/problem.ts'
import type { ParsedFile } from './parse.ts'
import type { SourceTree } from './source-tree.ts'
import type { Toolbox } from './tools/toolbox.ts'

export type Unit = PlainUnit | KustomizeUnit | HelmUnit | ArgoUnit | FluxUnit

interface AnyUnit {
  /** For people: `kustomization overlays/prod`, `chart charts/redis for HelmRelease shop/redis`. */
  readonly title: string
  /** For objects that name no namespace and live in one; null: the default of the cluster. */
  readonly namespace: string | null
  /** The cluster that the unit itself names (an Argo CD destination, a Flux kubeConfig); null: where its parent goes. */
  readonly cluster: string | null
  /** Who asks for the unit: a line of an Application or a HelmRelease, or the first line of its own root file. */
  readonly at: Place
  /** Where a further object for what this unit renders can be put; null: nowhere in this tree. */
  readonly host: Host | null
  /** Who applies it, where that deletes nothing which is removed from Git: `Flux Kustomization flux-system/apps`. */
  readonly leavesBehind?: string
  /** The Application whose sync applies it: a Namespace among its objects is not made by that one as well. */
  readonly syncedBy?: string
}

/** Files as they stand. */
export interface PlainUnit extends AnyUnit {
  readonly kind: 'plain'
  readonly paths: readonly string[]
}

/** A kustomization, with what a controller adds to it. */
export interface KustomizeUnit extends AnyUnit {
  readonly kind: 'kustomize'
  readonly folder: string
  /** Fields of the kustomization that a controller sets: lists are appended to what is there, other values replace it. */
  readonly additions: Readonly<Record<string, unknown>>
  /** Resources, relative to the folder, where it holds no kustomization and a controller writes one; null: it has its own. */
  readonly generated: readonly string[] | null
  /** What replaces `${name}` in the output, as Flux does after the build; null: nothing is replaced. */
  readonly substitutions: ReadonlyMap<string, string> | null
  /** Does who builds it let it name files outside of its folder? kustomize refuses by default; Flux does not. */
  readonly reachesOut: boolean
}

/** A chart of this tree, as a release of it. */
export interface HelmUnit extends AnyUnit {
  readonly kind: 'helm'
  readonly chart: ChartSource
  readonly release: string
  /** The namespace of the release; objects of the chart that name none go there. */
  readonly namespace: string
  /** Value files of this tree, weakest first. */
  readonly valueFiles: readonly string[]
  /** True: the value files stand in for the chart's own values.yaml, which does not count (Flux's valuesFiles). */
  readonly ignoresOwnValues?: boolean
  /** Values written in the release itself, weakest first; they win over the files. */
  readonly values: readonly InlineValues[]
  /** `--set` and `--set-string`, as `path=value`; they win over everything. */
  readonly sets: readonly { readonly text: string; readonly asString: boolean }[]
  readonly apiVersions: readonly string[]
  readonly kubeVersion: string | null
  readonly skipCrds: boolean
}

/** A folder of this tree, or a chart of a repository elsewhere (`https://…` or `oci://…`), of a version or range. */
export type ChartSource =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'remote'; readonly url: string; readonly name: string; readonly version: string }

/** Values that stand in a manifest, with the place where a person edits them (null: they come from elsewhere). */
export interface InlineValues {
  readonly value: Readonly<Record<string, unknown>>
  readonly written: Pick<Manifest['origin'], 'file' | 'document' | 'route'> | null
}

/** An Application or ApplicationSet. */
export interface ArgoUnit extends AnyUnit {
  readonly kind: 'argocd'
  readonly manifest: Manifest
}

/** A Kustomization or HelmRelease of Flux. */
export interface FluxUnit extends AnyUnit {
  readonly kind: 'flux'
  readonly manifest: Manifest
}

export interface Rendering {
  readonly manifests: readonly Manifest[]
  /** What the objects ask for in turn, where this renderer can tell. */
  readonly units: readonly Unit[]
  readonly problems: readonly Problem[]
  /** Every path of the tree that decided the outcome, sorted; also those that were looked for and are missing. */
  readonly inputs: readonly string[]
}

/** The renderer needs an object that another unit may still bring, for people: `ConfigMap flux-system/settings`. */
export interface Waiting {
  readonly waitsFor: string
}

/** Never throws for what a tree holds: what cannot be rendered is a problem, and the rest is rendered without it. */
export type Renderer<U extends Unit> = (unit: U, kitchen: Kitchen) => Promise<Rendering | Waiting>

/** What a renderer has at hand. */
export interface Kitchen {
  readonly tree: SourceTree
  readonly tools: Toolbox
  /** Cached texts of renderings, by the hash of everything that decided them. Secrets never go in. */
  readonly cache: RenderCache
  /** Whole renderings of this process, by that hash and the unit: what is the same again is not made again. */
  readonly memory: {
    readonly get: (key: string) => Rendering | undefined
    readonly set: (key: string, rendering: Rendering) => void
  }
  /** Files of the tree, parsed as manifests, in the order asked for. */
  readonly parsed: (paths: readonly string[]) => Promise<readonly ParsedFile[]>
  /** An object that the unit's cluster has by now: `v1/ConfigMap`, `source.toolkit.fluxcd.io/GitRepository`. */
  readonly find: (groupKind: string, namespace: string, name: string) => Manifest | null
  /** Every object of a kind that there is by now, the nearest to the unit first. */
  readonly all: (groupKind: string) => readonly Manifest[]
  /** True when nothing more will come: what `find` does not know by now is not there, and waiting is over. */
  readonly settled: boolean
  /** Is what this URL names the tree at hand? `path` (in the tree) decides where nobody knows the tree's own URL. */
  readonly isThisTree: (url: string, path: string) => boolean
  readonly remote: Remote
}

/** What lies outside the tree. Fetched only where the configuration allows its host, and pinned. */
export interface Remote {
  /** The files of a chart, below a folder of the chart's own name. */
  readonly chart: (source: Extract<ChartSource, { kind: 'remote' }>) => Promise<Fetched>
  /** What a kustomization names by URL: the files of a folder or one file, by path; `entry` is where it begins. */
  readonly resource: (url: string) => Promise<Fetched>
}

export type Fetched =
  | {
      readonly ok: true
      readonly files: ReadonlyMap<string, Uint8Array>
      /** The file or folder among `files` that was asked for. */
      readonly entry: string
      /** Equal where the content is. */
      readonly id: string
    }
  /** Pieces of a sentence: `docker.io is not allowed`, and what to do about it. */
  | { readonly ok: false; readonly reason: string; readonly remedy: string }

export interface RenderCache {
  readonly get: (key: string) => Promise<string | null>
  readonly set: (key: string, text: string) => Promise<void>
}

// Where the source of a Flux object leads, of whatever kind it is.
import { get, rootField } from '../../../core/kubernetes/field.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { artifactsOf } from './artifact.ts'
import { SOURCES, gitSource, lost, missing, remote } from './git-source.ts'
import type { Sourced, Wanted } from './git-source.ts'
import { optionalText } from './object.ts'
import type { Ask, Shelf } from './object.ts'

/** Sources whose content is in no Git repository. */
const REMOTE = ['OCIRepository', 'Bucket', 'HelmRepository', 'HelmChart']

/** Where a source leads. Of several generators that make an artifact of one name, the nearest makes it. */
export function sourceOf(shelf: Shelf, ask: Ask, wanted: Wanted): Sourced {
  return everySourceOf(shelf, ask, wanted)[0] ?? missing(shelf, ask, wanted)
}

/** Every place that it may lead to: more than one only where several generators make an artifact of that name. */
export function everySourceOf(shelf: Shelf, ask: Ask, wanted: Wanted): readonly Sourced[] {
  const { ref } = wanted
  if (ref.kind === 'GitRepository') return [gitSource(shelf, ask, wanted)]
  if (ref.kind === 'ExternalArtifact') return artifactsOf(shelf, ask, wanted)
  if (REMOTE.includes(ref.kind)) return [remoteSource(shelf, ask, wanted)]
  return [
    lost(ask, wanted, {
      code: 'unknown-source-kind',
      class: 'unreadable',
      message: `${ask.title} takes its source from the kind ${ref.kind}, which Flux does not know.`,
      remedy: 'Name a GitRepository, an OCIRepository, a Bucket or an ExternalArtifact.',
    }),
  ]
}

function remoteSource(shelf: Shelf, ask: Ask, wanted: Wanted): Sourced {
  const { kind, namespace, name } = wanted.ref
  const found = shelf.find(`${SOURCES}/${kind}`, namespace, name)
  if (found === null) return missing(shelf, ask, wanted)
  return remote(ask, wanted, found, remoteUrl(found))
}

/** What the source of an object elsewhere is called: its URL, or the place of a bucket. */
function remoteUrl({ object }: Manifest): string {
  const spec = get(rootField(object), 'spec')
  const url = optionalText(get(spec, 'url'))
  if (url !== null) return url
  return ['endpoint', 'bucketName'].flatMap((key) => optionalText(get(spec, key)) ?? []).join('/')
}

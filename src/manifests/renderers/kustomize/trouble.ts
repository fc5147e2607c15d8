// What can be wrong with what a kustomization names, in words. Its own folder and the root's are what it keeps us from
// judging, and the namespace that its objects go to where it names one.
import type { Place } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { namespacesAround, rootFolder } from './file.ts'
import type { FolderState, KustomizationFile } from './file.ts'

type Unreadable = Exclude<FolderState, { readonly kind: 'readable' }>

/** The root of a unit that cannot be rendered at all. */
export function brokenRoot(folder: string, state: Unreadable, at: Place): Problem {
  const hides = { namespaces: [], under: [folder] }
  switch (state.kind) {
    case 'none':
      return {
        ...at,
        code: 'no-kustomization',
        class: 'unreadable',
        message: `${nameOf(folder)} holds no kustomization.`,
        remedy: 'Add a kustomization.yaml there, or correct the path.',
        hides,
      }
    case 'link':
    case 'submodule':
      return unfollowed(at, state.kind, state.path, hides)
    case 'several':
      return several(at, folder, state.names, hides)
    case 'broken':
      return unreadable(state, folder, hides)
  }
}

/** A folder that a kustomization names and that is no base. */
export function brokenFolder(at: Place, state: Unreadable, folder: string, by: KustomizationFile): Problem {
  const hides = around(by)
  switch (state.kind) {
    case 'none':
      return incomplete(
        at,
        `The kustomization in ${nameOf(by.folder)} names ${nameOf(folder)}, which holds no kustomization.`,
        'Add one there, or take the entry out; the rest was rendered without it.',
        by,
      )
    case 'link':
    case 'submodule':
      return unfollowed(at, state.kind, state.path, hides)
    case 'several':
      return several(at, folder, state.names, hides)
    case 'broken':
      return unreadable(state, folder, hides)
  }
}

export function missingPath(at: Place, path: string, by: KustomizationFile): Problem {
  return incomplete(
    at,
    `The kustomization in ${nameOf(by.folder)} names ${path}, which is not there.`,
    'Add it, or take the entry out; kustomize does not build without it.',
    by,
  )
}

export function leadsOutside(at: Place, text: string, by: KustomizationFile): Problem {
  return {
    ...at,
    code: 'outside-tree',
    class: 'unreadable',
    message: `The kustomization in ${nameOf(by.folder)} names ${text}, which leads out of the tree that is read.`,
    remedy:
      'Name a path inside of it, relative to the kustomization, or have the folder read that holds both.',
    hides: around(by),
  }
}

/** A link or a submodule on the way to what a kustomization names. */
export function notFollowed(
  at: Place,
  kind: 'link' | 'submodule',
  path: string,
  by: KustomizationFile,
): Problem {
  return unfollowed(at, kind, path, around(by))
}

/** `flux bootstrap` commits it: fluxcd.io/flux/installation/bootstrap. Until then Flux itself is what is not seen. */
export function generatedLater(at: Place, path: string): Problem {
  return {
    ...at,
    code: 'generated-at-bootstrap',
    class: 'unseen',
    message: `${path} is not there: flux bootstrap writes it, with the objects of Flux itself.`,
    remedy: 'Run flux bootstrap, or commit the file, to have the namespace flux-system judged.',
    hides: { namespaces: ['flux-system'], under: [] },
  }
}

function incomplete(at: Place, message: string, remedy: string, by: KustomizationFile): Problem {
  return { ...at, code: 'kustomization-incomplete', class: 'unreadable', message, remedy, hides: around(by) }
}

function several(at: Place, folder: string, names: readonly string[], hides: Problem['hides']): Problem {
  return {
    ...at,
    code: 'kustomization-ambiguous',
    class: 'unreadable',
    message: `${nameOf(folder)} holds ${names.join(' and ')}, and kustomize refuses to choose.`,
    remedy: 'Keep one of them.',
    hides,
  }
}

function unreadable(
  { path, line, why }: Extract<Unreadable, { readonly kind: 'broken' }>,
  folder: string,
  hides: Problem['hides'],
): Problem {
  return {
    path,
    line,
    code: 'unreadable-yaml',
    class: 'unreadable',
    message: `The kustomization in ${nameOf(folder)} is not readable: ${why}.`,
    remedy: 'Correct it; what it would bring is not judged.',
    hides: { ...hides, under: [...new Set([...(hides.under ?? []), folder])] },
  }
}

function unfollowed(at: Place, kind: 'link' | 'submodule', path: string, hides: Problem['hides']): Problem {
  const link = kind === 'link'
  return {
    ...at,
    code: link ? 'symbolic-link' : 'submodule',
    class: 'unseen',
    message: `${path} is ${link ? 'a symbolic link, which is not followed' : 'in a submodule, which is not fetched'}: what is behind it was left out.`,
    remedy: `Keep the files themselves in this repository, and name them there.`,
    hides,
  }
}

/** What trouble with one entry of a kustomization keeps us from judging. */
export function around(by: KustomizationFile): Problem['hides'] {
  return {
    namespaces: namespacesAround(by),
    under: [...new Set([by.folder, rootFolder(by)])].sort(),
  }
}

/** A folder in a sentence. */
export function nameOf(folder: string): string {
  return folder === '.' ? 'the root of the tree' : folder
}

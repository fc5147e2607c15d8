// One file as the Kubernetes objects in it. Pure, and kept by the file's content: a pull request then costs
// what it changes, not what the repository holds.
import { EVIDENCE_KINDS } from '../core/kubernetes/cni-evidence.ts'
import { ACCOUNT_KIND, JUDGED_KINDS, isRelevant } from '../core/kubernetes/state.ts'
import type { Manifest } from '../core/kubernetes/manifest.ts'
import type { Origin } from '../core/kubernetes/origin.ts'
import { namespaceOf } from '../core/kubernetes/manifest.ts'
import { lineAt } from '../core/source/text.ts'
import type { SourceFile } from '../core/source/text.ts'
import type { Problem } from '../core/source/problem.ts'
import { readDocument, splitDocuments } from '../core/yaml/index.ts'
import type { Route } from '../core/yaml/types.ts'
import { CONTROLLER_KINDS, isOfController } from './controllers.ts'
import { mayMatter } from './may-matter.ts'
import { rightSpelling } from './misspelt-kinds.ts'

export interface ParsedFile {
  readonly path: string
  /** Only objects that bear on who reaches whom, say which CNI decides it, or make others render something. */
  readonly manifests: readonly Manifest[]
  readonly problems: readonly Problem[]
}

/** Which objects of a file are wanted, and what for. */
export interface ParseOptions {
  /** False for an assumed baseline, which the tree does not own. */
  readonly editable: boolean
  /** Also ConfigMaps, which hold values for what controllers render. */
  readonly configMaps: boolean
}

/** Reads the bytes of a manifest file; anything wrong with it is a problem of its own, never an exception. */
export function parseFile(
  path: string,
  bytes: Uint8Array,
  { editable, configMaps }: ParseOptions,
): ParsedFile {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { path, manifests: [], problems: [notText(path)] }
  }
  if (LFS_POINTER.test(text)) return { path, manifests: [], problems: [storedElsewhere(path)] }
  const file: SourceFile = { path, text }
  const manifests: Manifest[] = []
  const problems: Problem[] = []
  for (const document of splitDocuments(text)) {
    const chunk = text.slice(document.start, document.end)
    if (!mayMatter(chunk) && !(configMaps && MAY_BE_CONFIG_MAP.test(chunk))) continue
    if (YTT.test(chunk)) {
      problems.push(
        madeByYtt(path, lineAt(text, document.start + chunk.search(YTT), document), namedNamespaces(chunk)),
      )
      if (YTT_VALUE.test(chunk)) continue
    }
    if (document.loose === true) {
      problems.push(afterTheEnd(path, document.line, namedNamespaces(chunk)))
      continue
    }
    const read = readDocument(text, document)
    if (!read.ok) {
      // JSON is read as the YAML that it is, too.
      const language = /\.json$/i.test(path) ? 'JSON' : 'YAML'
      const remedy = chunk.includes('{{')
        ? 'It looks like a template; leave templates out with ignorePaths and check what they render to.'
        : `Correct the ${language}; the other documents were judged without it.`
      problems.push(
        broken(
          path,
          lineAt(text, read.offset, document),
          'unreadable-yaml',
          `This document is not readable ${language}: ${read.message}.`,
          remedy,
          namedNamespaces(chunk),
        ),
      )
      continue
    }
    if (typeof read.value === 'string') {
      const message = 'This document is a text and no object, so Kubernetes refuses it.'
      const remedy = 'Correct it, or leave the file out with ignorePaths.'
      problems.push(broken(path, document.line, 'no-object', message, remedy, namedNamespaces(chunk)))
      continue
    }
    collect(
      read.value,
      { file, document, route: [], editable, making: null },
      configMaps,
      manifests,
      problems,
    )
  }
  const fragment = text.search(YTT_FRAGMENT)
  if (fragment >= 0 && !problems.some(({ code }) => code === 'ytt-template'))
    problems.push(madeByYtt(path, lineAt(text, fragment), []))
  return { path, manifests, problems }
}

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const LFS_POINTER = /^version https:\/\/git-lfs\.github\.com\/spec\/v\d+\n/

/**
 * What ytt runs stands in comments: https://carvel.dev/ytt/docs/latest/lang-ref-annotation/. Where one gives a value, the
 * rest says nothing without it; beside others the document is what it is to everybody who does not run ytt.
 */
const YTT_VALUE = /^[^#\n]*:[ \t]+#@ /m
const YTT = new RegExp(
  `^[ \\t]*#@(?: *(?:load\\(|(?:if|for|def|end|else)\\b)|(?:data|overlay|schema|library|text|yaml)/)|${YTT_VALUE.source}`,
  'm',
)

/** A call of a template, data values, an overlay: documents of ytt that need no kind. */
const YTT_FRAGMENT = /^(?:---[ \t]+#@ |#@ *(?:load\(|(?:data|overlay)\/))/m

const MAY_BE_CONFIG_MAP = /\bkind["']?\s*:\s*["']?ConfigMap\b/

function collect(
  value: unknown,
  origin: Origin,
  configMaps: boolean,
  manifests: Manifest[],
  problems: Problem[],
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  const object = value as Readonly<Record<string, unknown>>
  const { kind, apiVersion } = object
  if (typeof kind !== 'string') return
  const items = listedItems(object)
  if (items !== null) {
    for (const [index, item] of items.entries()) {
      collect(
        item,
        { ...origin, route: [...origin.route, 'items', index] satisfies Route },
        configMaps,
        manifests,
        problems,
      )
    }
    return
  }
  const judged = JUDGED_KINDS.includes(kind)
  const misspelt = typeof apiVersion === 'string' && rightSpelling({ apiVersion, kind }) !== null
  const wanted = misspelt || kind === ACCOUNT_KIND || (configMaps && kind === 'ConfigMap')
  if (!judged && !wanted && !EVIDENCE_KINDS.includes(kind) && !CONTROLLER_KINDS.includes(kind)) return
  const { file, document } = origin
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    if (!judged) return
    const message = `A document of the kind ${kind} has no apiVersion.`
    problems.push(
      broken(
        file.path,
        document.line,
        'no-api-version',
        message,
        'Add it, or leave the file out with ignorePaths.',
        [namespaceOf(object) ?? []].flat(),
      ),
    )
    return
  }
  const manifest: Manifest = { apiVersion, kind, object, origin }
  if (wanted || isRelevant(manifest) || isOfController(manifest)) manifests.push(manifest)
}

/** The objects of a List, or null where it is none. Items of a typed list may leave their kind to it. */
export function listedItems({
  kind,
  apiVersion,
  items,
}: Readonly<Record<string, unknown>>): readonly unknown[] | null {
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return null
  const inner = kind.slice(0, -'List'.length)
  return items.map((item: unknown) =>
    inner !== '' && isObject(item) && item.kind === undefined ? { ...item, kind: inner, apiVersion } : item,
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The namespaces that a broken document seems to speak of; none where it names none, or may be a Namespace itself. */
function namedNamespaces(chunk: string): readonly string[] {
  if (/\bkind["']?\s*:\s*["']?(?:Namespace|\w*List)\b/.test(chunk)) return []
  return [
    ...new Set(
      [...chunk.matchAll(/\bnamespace["']?\s*:\s*["']?([a-z0-9][a-z0-9-]*)/g)].map(([, name = '']) => name),
    ),
  ]
}

/**
 * Files are cut at `---` alone, and of what is between two the first document is read (k8s.io/apimachinery,
 * util/yaml/decoder.go; sigs.k8s.io/yaml).
 */
function afterTheEnd(path: string, line: number, namespaces: readonly string[]): Problem {
  const message = 'What stands here follows a `...` and no `---`: Kubernetes does not read it.'
  return broken(path, line, 'after-the-end', message, 'Begin it with `---`, or remove it.', namespaces)
}

/** What is broken hides the namespaces that it names; where it names none that cannot be told, and it hides all. */
function broken(
  path: string,
  line: number,
  code: string,
  message: string,
  remedy: string,
  namespaces: readonly string[],
): Problem {
  const hides = { namespaces: namespaces.length === 0 ? ('all' as const) : namespaces }
  return { path, line, code, class: 'unreadable', message, remedy, hides }
}

/** Encrypted files are common (git-crypt), and are no manifests until somebody decrypts them. */
function notText(path: string): Problem {
  const message = `${path} is not UTF-8 text: it is encrypted, or binary, and what it holds is not seen.`
  return hidden(path, 1, 'not-utf8', message, 'If it holds no manifests, leave it out with ignorePaths.')
}

function storedElsewhere(path: string): Problem {
  const message = `${path} is kept by Git LFS: git holds a pointer to it, and what it holds is not seen.`
  return hidden(path, 1, 'lfs-pointer', message, 'If it holds no manifests, leave it out with ignorePaths.')
}

function madeByYtt(path: string, line: number, namespaces: readonly string[]): Problem {
  const message = 'This document is a template of ytt, which is not run here: what it makes is not seen.'
  const remedy =
    'Keep what it renders to in the tree, or state it under `assume`, and leave the template out with ignorePaths.'
  return { ...hidden(path, line, 'ytt-template', message, remedy), hides: { namespaces, under: [path] } }
}

function hidden(path: string, line: number, code: string, message: string, remedy: string): Problem {
  return { path, line, code, class: 'unseen', message, remedy, hides: { namespaces: [], under: [path] } }
}

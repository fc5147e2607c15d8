// The values of a HelmRelease: those of ConfigMaps and Secrets in the order they are named, then spec.values, then
// single values with a targetPath, which "overwrite everything before, including inline values".
// https://fluxcd.io/flux/components/helm/helmreleases/#values. Secrets are never read.
import { get, items, labelsField, rootField } from '../../../core/kubernetes/field.ts'
import type { Manifest } from '../../../core/kubernetes/manifest.ts'
import { textAt } from '../../../core/kubernetes/origin.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { readDocument, splitDocuments } from '../../../core/yaml/index.ts'
import type { Route } from '../../../core/yaml/types.ts'
import type { HelmUnit, InlineValues, Kitchen, Waiting } from '../../unit.ts'
import { filesOf, flag, mappingAt, optionalText, told, toldAt } from './object.ts'
import type { Ask } from './object.ts'
import { referenceAt } from './substitutions.ts'

export interface ReleaseValues {
  readonly values: readonly InlineValues[]
  readonly sets: HelmUnit['sets']
  readonly problems: readonly Problem[]
  readonly inputs: readonly string[]
}

export function valuesOf(
  ask: Ask,
  { find, settled }: Pick<Kitchen, 'find' | 'settled'>,
): ReleaseValues | Waiting {
  const values: InlineValues[] = []
  const sets: { readonly text: string; readonly asString: boolean }[] = []
  const problems: Problem[] = []
  const inputs: string[] = []
  for (const field of items(get(ask.spec, 'valuesFrom'))) {
    const { kind, name, optional } = referenceAt(field)
    if (kind === null || name === null) continue
    const what = `${kind} ${ask.namespace}/${name}`
    const found = kind === 'ConfigMap' ? find('v1/ConfigMap', ask.namespace, name) : null
    if (found === null && kind === 'ConfigMap' && !settled) return { waitsFor: what }
    const key = optionalText(get(field, 'valuesKey')) ?? 'values.yaml'
    const target = optionalText(get(field, 'targetPath'))
    if (found !== null) inputs.push(...filesOf(found))
    const data = found === null ? {} : labelsField(get(rootField(found.object), 'data'))
    const text = data[key]
    if (found === null || text === undefined) {
      if (optional && kind === 'ConfigMap') continue
      const why =
        kind === 'Secret'
          ? 'which is not read'
          : found === null
            ? 'which is not in the tree'
            : `which has no ${key}`
      const at = target === null ? '' : ` for ${target}`
      problems.push(unknown(ask, field.route, `takes values${at} from ${what}, ${why}`))
    } else if (target === null) {
      const read = readValues(text)
      if (read === null) problems.push(broken(ask, found, key, what))
      else values.push({ value: read, written: null })
    } else {
      sets.push(setting(target, text, flag(get(field, 'literal'))))
    }
  }
  const inline = mappingAt(get(ask.spec, 'values'))
  if (inline !== null) values.push({ value: inline, written: writtenAt(ask.manifest) })
  if (get(get(ask.spec, 'upgrade'), 'preserveValues').value === true)
    problems.push(unknown(ask, ['spec', 'upgrade', 'preserveValues'], 'keeps values of the release before'))
  return { values, sets, problems, inputs }
}

/** Where somebody wrote the values; null where they were put together from several texts, or by a template. */
function writtenAt({ origin }: Manifest): InlineValues['written'] {
  const found = textAt(origin, ['spec', 'values'])
  if (found?.layer.editable !== true) return null
  return { file: found.layer.file, document: found.layer.document, route: found.route }
}

/** As Helm reads a file of values: one document, empty or a mapping. */
function readValues(text: string): Readonly<Record<string, unknown>> | null {
  const [range] = splitDocuments(text)
  if (range === undefined) return {}
  const read = readDocument(text, range)
  if (!read.ok) return null
  if (read.value === null) return {}
  const isMapping = typeof read.value === 'object' && !Array.isArray(read.value)
  return isMapping ? (read.value as Readonly<Record<string, unknown>>) : null
}

/**
 * `ReplacePathValue` of fluxcd/pkg, chartutil/values.go: `--set`, or `--set-string` where the value is in quotes. A
 * literal is what `--set-string` reads as it stands.
 */
function setting(target: string, text: string, isLiteral: boolean): HelmUnit['sets'][number] {
  if (isLiteral) return { text: `${target}=${text.replace(/[\\,{}[\]=]/g, '\\$&')}`, asString: true }
  const isQuoted = ["'", '"'].some((quote) => text.startsWith(quote) && text.endsWith(quote))
  const value = isQuoted ? text.replace(/^['"]+|['"]+$/g, '') : text
  return { text: `${target}=${value}`, asString: isQuoted }
}

function unknown(ask: Ask, route: Route, does: string): Problem {
  return told(ask, route, {
    code: 'values-unknown',
    class: 'unseen',
    message: `${ask.title} ${does}: they are left out of what was judged.`,
    remedy: 'Where they decide about labels, ports or policies, write them in spec.values.',
  })
}

function broken(ask: Ask, found: Manifest, key: string, what: string): Problem {
  return toldAt(ask, found.origin, ['data', key], {
    code: 'unreadable-values',
    class: 'unreadable',
    message: `${ask.title} takes values from ${key} of ${what}, which is no YAML mapping.`,
    remedy: 'Correct the YAML in it.',
  })
}

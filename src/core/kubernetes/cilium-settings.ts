// What a tree says of how Cilium's agent is set up: its ConfigMap, or the values of its chart in the objects of the tools
// that install charts. Each setting has one name here and another there.
import { splitDocuments, readDocument } from '../yaml/index.ts'
import type { Route } from '../yaml/types.ts'
import { evidenceOf } from './cni-evidence.ts'
import { get, items, rootField } from './field.ts'
import type { Field } from './field.ts'
import type { Manifest } from './manifest.ts'

/** The names of one setting. */
export interface SettingName {
  /** Its key in `cilium-config`. */
  readonly key: string
  /** Its key in the chart's values. */
  readonly value: string
}

/** What one manifest says of a setting, and where. */
export interface Setting {
  readonly value: unknown
  readonly route: Route
  /** `ConfigMap kube-system/cilium-config`. */
  readonly name: string
}

/** null as a value: nothing that can be read. */
export function ciliumSettings(manifest: Manifest, setting: SettingName): readonly Setting[] {
  const evidence = evidenceOf(manifest)
  if (evidence?.cni !== 'cilium') return []
  const { name } = evidence
  return settingsIn(manifest.kind, rootField(manifest.object), setting).map((found) => ({ ...found, name }))
}

type Found = Omit<Setting, 'name'>

function settingsIn(kind: string, root: Field, { key, value }: SettingName): readonly Found[] {
  const spec = get(root, 'spec')
  switch (kind) {
    case 'ConfigMap':
      return present(get(get(root, 'data'), key))
    case 'HelmRelease':
      return present(get(get(spec, 'values'), value))
    case 'HelmChart':
    case 'HelmChartConfig':
      return [...present(get(get(spec, 'set'), value)), ...inText(get(spec, 'valuesContent'), value)]
    case 'Application':
      return inSources(spec, value)
    case 'ApplicationSet':
      return inSources(get(get(spec, 'template'), 'spec'), value)
    default:
      return []
  }
}

function inSources(app: Field, key: string): readonly Found[] {
  return [get(app, 'source'), ...items(get(app, 'sources'))].flatMap((source) => {
    const helm = get(source, 'helm')
    const parameters = items(get(helm, 'parameters')).filter((one) => get(one, 'name').value === key)
    return [
      ...parameters.flatMap((one) => present(get(one, 'value'))),
      ...present(get(get(helm, 'valuesObject'), key)),
      ...inText(get(helm, 'values'), key),
    ]
  })
}

function present({ value, route }: Field): readonly Found[] {
  return value === undefined ? [] : [{ value, route }]
}

/** Values that stand in a manifest as text; where it is none that can be read, what it says of the key cannot be either. */
function inText({ value, route }: Field, key: string): readonly Found[] {
  if (typeof value !== 'string' || !value.includes(key)) return []
  return splitDocuments(value).flatMap((document): readonly Found[] => {
    const read = readDocument(value, document)
    if (!read.ok) return [{ value: null, route }]
    return present(get(rootField(read.value), key)).map((found) => ({ ...found, route }))
  })
}

// Why helm did not render a chart, in its own words, and where: at the line of the template that it names, in the value
// file that it cannot read, or at the value that the chart's schema does not allow.
import { lineAt } from '../../../core/source/text.ts'
import type { Place } from '../../../core/kubernetes/origin.ts'
import { locate } from '../../../core/yaml/index.ts'
import type { Problem } from '../../../core/source/problem.ts'
import { joinPath } from '../../source-tree.ts'
import type { HelmUnit } from '../../unit.ts'
import type { YamlFile } from './chart.ts'
import type { Parts } from './parts.ts'
import { placeAt, templateAt } from './places.ts'
import { hidden } from './problem.ts'
import { settersOf, settingsOf } from './values.ts'

/** Characters of helm's words that are quoted. */
const MOST = 300

/** `said` is what helm wrote; `valueFiles` are the unit's, as far as they are readable. */
export function failure(
  unit: HelmUnit,
  parts: Parts,
  valueFiles: readonly YamlFile[],
  said: string,
): Problem {
  const isVerdict = VERDICT.test(said) || IN_TEMPLATE.test(said)
  const words = isVerdict ? wordsOf(said) : limitOf(said)
  const place =
    inTemplate(said, parts) ??
    inValueFile(words, unit) ??
    atValue(said, unit, parts, valueFiles) ??
    chartFile(unit, parts)
  return {
    ...place,
    code: 'chart-failed',
    // What ended helm from outside, as time and memory do, says nothing about the chart.
    class: isVerdict ? 'unreadable' : 'unseen',
    message: `Helm cannot render the ${parts.root.title} as release ${unit.release}: ${quoted(words, unit)}.`,
    remedy: isVerdict
      ? 'Correct it, or the values that it is given; helm template shows the same.'
      : 'Make it render with less, or check its rendered output.',
    hides: hidden(unit),
  }
}

/** Helm's own last word, on a line of its own. */
const VERDICT = /(?:^|\n)Error: ([^]*)$/
/** Of a template that includes itself only the end is left, as that word is too long. */
const IN_TEMPLATE = /executing "[^"]*" at </

/** Without what differs from run to run. */
function limitOf(said: string): string {
  return said.includes('out of memory')
    ? 'it takes more memory than it may'
    : (said.split('\n')[0] ?? '').trim()
}

/** The sentence after `Error:`; of a chain of templates, what the innermost says. */
function wordsOf(said: string): string {
  const [, error = said] = VERDICT.exec(said) ?? []
  const [sentence = ''] = error.split(/\n\s*\n|\nUse --debug/)
  const text = sentence.replace(/\s+/g, ' ').trim()
  const [, innermost = text] = /^.*executing "[^"]*" (at <.*)$/.exec(text) ?? []
  return innermost
    .replace(/^execution error at \([^)]*\): /, '')
    .replace(/^parse error at \([^)]*\): /, '')
    .replace(/^YAML parse error on \S+: /, 'what it prints is no YAML: ')
    .replace(/^at <[^>]*>: error calling (?:include|fail|required|tpl): /, '')
}

function quoted(words: string, unit: HelmUnit): string {
  const named = words.replace(
    /\bvalues\/(\d+)\.yaml\b/g,
    (whole, index: string) => unit.valueFiles[Number(index)] ?? whole,
  )
  const bare = named.replace(/[.\s]+$/, '')
  return bare.length > MOST ? `${bare.slice(0, MOST - 1).replace(/\p{Surrogate}$/u, '')}…` : bare
}

/** `shop/templates/x.yaml:12:3`, `(shop/templates/x.yaml:3)`, `YAML parse error on shop/templates/x.yaml`. */
function inTemplate(said: string, parts: Parts): Place | null {
  const named = [
    ...said.matchAll(/(?:template: |error at \()([^\s:()]+):(\d+)/g),
    ...said.matchAll(/(?:YAML parse error on|unable to parse) ([^\s:]+)()/g),
  ]
  // The last is the innermost of a chain; the outermost is often a caller that is right.
  for (const [, source = '', line = ''] of named.reverse()) {
    const at = templateAt(parts, source)
    const place = at === null ? null : placeAt(at, line === '' ? 1 : Number(line))
    if (place !== null) return place
  }
  return null
}

function inValueFile(words: string, unit: HelmUnit): Place | null {
  const found = /^failed to parse values\/(\d+)\.yaml\b(?:.*\bline (\d+))?/.exec(words)
  const path = found === null ? undefined : unit.valueFiles[Number(found[1])]
  return path === undefined ? null : { path, line: Number(found?.[2] ?? 1) }
}

/** A schema's verdict names the chart and the value: `redis:` and `- auth.enabled: Invalid type`. */
function atValue(said: string, unit: HelmUnit, parts: Parts, valueFiles: readonly YamlFile[]): Place | null {
  if (!said.includes("values don't meet the specifications of the schema")) return null
  const settings = settingsOf(unit, valueFiles)
  for (const [, path = '', property] of said.matchAll(
    /^- ([\w.()-]+): (?:Additional property (\S+) is not allowed)?/gm,
  )) {
    const keys = [
      ...(path === '(root)' ? [] : path.split('.')),
      ...(property === undefined ? [] : [property]),
    ]
    const [setter] = settersOf(keys, [parts.root], settings)
    const span = setter === undefined ? null : locate(setter.file.text, setter.document, setter.route)
    if (setter !== undefined && span !== null) {
      return { path: setter.file.path, line: lineAt(setter.file.text, span.start) }
    }
  }
  return null
}

function chartFile(unit: HelmUnit, { root }: Parts): Place {
  return root.folder === null ? unit.at : { path: joinPath(root.folder, 'Chart.yaml'), line: 1 }
}

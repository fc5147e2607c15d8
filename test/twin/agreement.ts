// Where product and twin disagree about a question.
import { answer } from '../../src/core/index.ts'
import type { Analysis, Answer } from '../../src/core/index.ts'
import { holds, readBlock } from './addresses.ts'
import type { Cluster, Question } from './cluster.ts'
import { evaluate } from './evaluator.ts'
import { analyzeCluster } from './product.ts'
import { ask } from './random.ts'
import type { OpenQuestion } from './random.ts'

export interface Disagreement {
  readonly question: Question
  /** What it is about: the verdict, the reasons, or the part of a block. */
  readonly about: 'verdict' | 'because' | 'partial'
  readonly product: Answer
  readonly twin: { readonly verdict: string; readonly because: readonly string[] }
}

/** The first question that the two answer differently; null where they agree on all. */
export function firstDisagreement(cluster: Cluster, questions: readonly OpenQuestion[]): Disagreement | null {
  const analysis = analyzeCluster(cluster)
  for (const open of questions) {
    const found = disagreement(analysis, cluster, ask(cluster, open))
    if (found !== null) return found
  }
  return null
}

/** `ingress allow NetworkPolicy/shop/api 0`: the product's reasons as the twin writes its own. */
export function reasons({ because, verdict }: Answer): readonly string[] {
  // What is admitted at one end does not explain a doubt about the other.
  if (verdict === 'unknown') return []
  const lines = because.map(({ direction, action, policy, rule }) =>
    [direction, action, policy, ...(rule === null ? [] : [String(rule)])].join(' '),
  )
  return lines.sort()
}

/** What the product answers otherwise than the twin, or gives other reasons for; null where it does not. */
export function disagreement(analysis: Analysis, cluster: Cluster, question: Question): Disagreement | null {
  const product = answer(analysis, question)
  const { verdict, because, packets } = evaluate(cluster, question)
  const twin = { verdict, because }
  if (product.verdict !== verdict) return { question, about: 'verdict', product, twin }
  if (reasons(product).join('\n') !== because.join('\n')) return { question, about: 'because', product, twin }
  const partial = (product.partial ?? []).flatMap((text) => readBlock(text) ?? [])
  const listed = packets.every(
    ({ address, allowed }) =>
      verdict !== 'denied' || partial.some((block) => holds(block, address)) === allowed,
  )
  if (!listed || (verdict !== 'denied' && product.partial !== undefined))
    return { question, about: 'partial', product, twin }
  return null
}

/** What a person needs to go on from: the question, both answers, the folder and how to ask again. */
export function describeDisagreement(
  { question, about, product, twin }: Disagreement,
  folder: string,
): string {
  const { from, to, port, protocol } = question
  return [
    `product and twin disagree about the ${about} of ${from} -> ${to} ${String(port)}/${protocol}`,
    `  product: ${product.verdict} [${reasons(product).join('; ')}] partial ${JSON.stringify(product.partial ?? null)}`,
    `  twin:    ${twin.verdict} [${twin.because.join('; ')}]`,
    `  fixture: ${folder}`,
    `  again:   npx tsx src/cli/main.ts reach ${folder}/both --queries ${folder}/queries.jsonl`,
  ].join('\n')
}

// The product and its twin answer the same questions: about clusters that a person has thought through
// (fixtures/twin), and about random ones. AMBIENT_GUARD_LONG=100000 asks that many, with a seed that it prints.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answer } from '../../src/core/index.ts'
import { describeDisagreement, disagreement, firstDisagreement, reasons } from './agreement.ts'
import { campaign } from './campaign.ts'
import { evaluate } from './evaluator.ts'
import { analyzeFixture, clusterOf, readFixture, writeFixture } from './fixture.ts'
import { ask, clusters, openQuestion } from './random.ts'

const ROOT = join(import.meta.dirname, '../../fixtures/twin')
const QUESTIONS = 20
const { runs: pairs, seed, timeout } = campaign(4000)
const numRuns = Math.ceil(pairs / QUESTIONS)
const questions = fc.array(openQuestion, { minLength: QUESTIONS, maxLength: QUESTIONS, size: 'max' })

describe.each(readdirSync(ROOT))('%s', (name) => {
  it('is answered by both as the API reference says', async () => {
    const folder = join(ROOT, name)
    const { question, answer: expected, why } = readFixture(folder)
    expect(why).toMatch(/\S/)
    const [cluster, analysis] = [clusterOf(folder), await analyzeFixture(folder)]
    const twin = evaluate(cluster, question)
    const product = answer(analysis, question)
    expect({ verdict: twin.verdict, because: twin.because }, 'the twin').toEqual(expected)
    expect({ verdict: product.verdict, because: reasons(product) }, 'the product').toEqual(expected)
    expect(disagreement(analysis, cluster, question)).toBeNull()
  })
})

describe('on random clusters', () => {
  it(`they agree about ${String(pairs)} questions`, { timeout }, () => {
    const property = fc.property(
      clusters(),
      questions,
      (cluster, list) => firstDisagreement(cluster, list) === null,
    )
    const run = fc.check(property, { seed, numRuns })
    if (run.counterexample !== null) {
      const [cluster, list] = run.counterexample
      const found = firstDisagreement(cluster, list)
      // Where something threw there are no two answers to show.
      if (found === null) throw run.errorInstance
      expect.fail(`${describeDisagreement(found, writeFixture(cluster, found))}\n  seed:    ${String(seed)}`)
    }
    expect(run.failed).toBe(false)
  })

  it('the questions are worth asking: rules admit, policies deny, and some things are not known', () => {
    const counts = { admitted: 0, denied: 0, unknown: 0 }
    const asked = fc.sample(fc.tuple(clusters(), questions), { seed: 1, numRuns: 100 })
    for (const [cluster, list] of asked) {
      for (const open of list) {
        const { verdict, because } = evaluate(cluster, ask(cluster, open))
        if (verdict !== 'allowed') counts[verdict] += 1
        else if (because.length > 0) counts.admitted += 1
      }
    }
    const tenth = (asked.length * QUESTIONS) / 10
    expect(Object.entries(counts).filter(([, count]) => count < tenth)).toEqual([])
  })
})

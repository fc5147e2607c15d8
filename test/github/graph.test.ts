// The picture of who loses whom: few lines, whatever there is to draw.
import { describe, expect, it } from 'vitest'
import type { ReportFinding } from '../../src/examine/report.ts'
import { lostGraph } from '../../src/words/github/graph.ts'

type Drawn = Pick<ReportFinding, 'among' | 'rule' | 'peers' | 'port' | 'direction'> & { readonly of: string }

const finding = ({ of, ...more }: Partial<Drawn> & { readonly of: string }): ReportFinding =>
  ({
    among: null,
    rule: 'hbone-ingress',
    peers: ['Deployment/web/front'],
    port: 15008,
    direction: 'ingress',
    ...more,
    workload: { id: of },
  }) as unknown as ReportFinding

const numbers = (many: number): readonly string[] =>
  Array.from({ length: many }, (_, index) => String(index + 1))

/** Labels of nodes, and edges by them. */
function drawn(findings: readonly ReportFinding[]): readonly string[] {
  const text = lostGraph(findings)
  const nodes = new Map([...text.matchAll(/^ {2}(n\d+)\["(.*)"\]$/gm)].map(([, id, label]) => [id, label]))
  return [...text.matchAll(/^ {2}(n\d+) --x\|"(.*)"\| (n\d+)$/gm)].map(
    ([, from, label, to]) => `${nodes.get(from) ?? '?'} -${label ?? '?'}-> ${nodes.get(to) ?? '?'}`,
  )
}

describe('lostGraph', () => {
  it('draws who loses whom, in the direction in which it is dialled', () => {
    expect(
      drawn([
        finding({ of: 'Deployment/shop/cart' }),
        finding({ of: 'Deployment/shop/cart', rule: 'hbone-egress', direction: 'egress', peers: ['any'] }),
        finding({
          of: 'Deployment/shop/cart',
          rule: 'kubelet-probe',
          port: 8080,
          peers: ['169.254.7.127/32'],
        }),
      ]),
    ).toEqual([
      'Deployment/web/front -15008/TCP-> Deployment/shop/cart',
      'Deployment/shop/cart -15008/TCP-> any mesh peer',
      'kubelet -probe 8080/TCP-> Deployment/shop/cart',
    ])
    expect(lostGraph([])).toBe('')
  })

  it('draws all there is up to twenty-five', () => {
    const peers = numbers(25).map((number) => `Deployment/web/front-${number}`)
    expect(drawn([finding({ of: 'Deployment/shop/cart', peers })])).toHaveLength(25)
  })

  it('draws the clients of a namespace as one beyond that', () => {
    const peers = [
      ...numbers(25).map((number) => `Deployment/web/front-${number}`),
      'Deployment/ops/probe',
      'any',
    ]
    expect(drawn([finding({ of: 'Deployment/shop/cart', peers })])).toEqual([
      '25 workloads of web -15008/TCP-> Deployment/shop/cart',
      'Deployment/ops/probe -15008/TCP-> Deployment/shop/cart',
      'any mesh peer -15008/TCP-> Deployment/shop/cart',
    ])
  })

  it('then draws those that are lost as one, too', () => {
    const lost = numbers(30).map((number) => finding({ of: `Deployment/shop/cart-${number}` }))
    expect(drawn(lost)).toEqual(['Deployment/web/front -15008/TCP-> 30 workloads of shop'])
  })

  it('counts what it does not draw even so', () => {
    const lost = numbers(30).map((number) => finding({ of: `Deployment/shop-${number}/cart` }))
    expect(drawn(lost)).toHaveLength(25)
    expect(lostGraph(lost)).toMatch(/\n\n5 more are not drawn\.$/)
  })

  it('keeps clusters apart, but for those that lose the same', () => {
    const cart = (among: string): ReturnType<typeof finding> => finding({ of: 'Deployment/shop/cart', among })
    const more = finding({ of: 'Deployment/shop/till', among: 'dev' })
    expect(drawn([...['dev', 'prod', 'eu'].map(cart), more])).toEqual([
      'dev: Deployment/web/front -15008/TCP-> dev: Deployment/shop/cart',
      'dev: Deployment/web/front -15008/TCP-> dev: Deployment/shop/till',
      'eu and prod: Deployment/web/front -15008/TCP-> eu and prod: Deployment/shop/cart',
    ])
    expect(drawn(numbers(10).map((number) => cart(`c${number}`)))).toEqual([
      'c1, c2, c3 and 7 more: Deployment/web/front -15008/TCP-> c1, c2, c3 and 7 more: Deployment/shop/cart',
    ])
  })

  it('stays below what Mermaid takes, whatever things are called', () => {
    const long = numbers(40).map((number) => finding({ of: `Deployment/s${number}/${'"'.repeat(5000)}` }))
    expect(lostGraph(long).length).toBeLessThan(50_000)
  })
})

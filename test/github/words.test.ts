// Hostile names: nothing from a repository may format, mention, link, embed, or end anything of ours.
import { describe, expect, it } from 'vitest'
import {
  code,
  escapeMarkdown,
  escapeUrlPath,
  fenced,
  mermaidLabel,
  plainLine,
} from '../../src/words/github/escape.ts'
import { assemble, folded, listed, paragraph } from '../../src/words/github/fit.ts'
import { inlineComment, markersIn } from '../../src/words/github/comment.ts'
import { fixCommit } from '../../src/words/github/commit.ts'
import type { ReportFinding } from '../../src/examine/report.ts'

describe('running text', () => {
  it.each([
    ['a <img src=x onerror=y> & b', 'a &lt;img src=x onerror=y&gt; &amp; b'],
    ['<!-- ambient-guard f-0123456789 -->', '&lt;!-- ambient-guard f-0123456789 --&gt;'],
    ['</details>', '&lt;/details&gt;'],
    ['[x](javascript:y)', '\\[x\\](javascript:y)'],
    ['**bold** _it_ ~~no~~ `x`', '\\*\\*bold\\*\\* \\_it\\_ \\~\\~no\\~\\~ \\`x\\`'],
    ['ask @everyone', 'ask @&#8203;everyone'],
    ['@org/team', '@&#8203;org/team'],
    ['fixes #12, GH-3', 'fixes \\#&#8203;12, GH-&#8203;3'],
    [
      'see https://evil.example and www.evil.example',
      'see https:&#8203;//evil.example and www&#8203;.evil.example',
    ],
    [':tada:', ':&#8203;tada:'],
    ['$x$', '&#36;x&#36;'],
    ['back\\slash', 'back\\\\slash'],
    ['- item', '\\- item'],
    ['1. item', '1\\. item'],
    ['# heading', '\\#&#8203; heading'],
    ['two\nlines\r\nand \u2028more', 'two lines and  more'],
    ['right\u202eleft\u0000', 'right left '],
    ['lone \ud800 half', 'lone   half'],
    ['arabic\u061cmark, soft\u00adhyphen, tag\u{e0041}', 'arabic mark, soft hyphen, tag '],
    ['app.kubernetes.io/name: my-app', 'app.kubernetes.io/name: my-app'],
    ['shop/namespace.yaml:6', 'shop/namespace.yaml:6'],
  ])('%j', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped)
  })
})

describe('code spans and fences', () => {
  it.each([
    ['plain', '`plain`'],
    ['a`b', '``a`b``'],
    ['`a`', '`` `a` ``'],
    ['a\n```\n<script>', '````a ``` <script>````'],
    ['', '`?`'],
  ])('code %j', (text, escaped) => {
    expect(code(text)).toBe(escaped)
  })

  it('a fence is longer than any run inside', () => {
    expect(fenced('diff', '+```\n+@team\n')).toBe('````diff\n+```\n+@team\n````')
    expect(fenced('suggestion', '')).toBe('```suggestion\n```')
  })
})

it('a label of a graph is nothing but a label', () => {
  expect(mermaidLabel('pods(app=web)@namespaces(x)')).toBe('pods#40;app=web#41;#64;namespaces#40;x#41;')
  expect(mermaidLabel('x"] --> y["%%{init: {}}%%')).not.toMatch(/["[\]{}%>]/)
  expect(mermaidLabel('```\nclick')).toBe('#96;#96;#96; click')
})

it('a path in an address', () => {
  expect(escapeUrlPath("a b/(c)/d#e?f'.yaml")).toBe('a%20b/%28c%29/d%23e%3Ff%27.yaml')
})

it('a line of a commit message is one line', () => {
  expect(plainLine('fix\n\nCo-authored-by: mallory')).toBe('fix Co-authored-by: mallory')
})

it('markers are found, and look-alikes are not', () => {
  const quoted = '```suggestion\n<!-- ambient-guard f-9876543210 -->\n```'
  const marks = '<!-- ambient-guard f-0123456789 -->\n<!-- ambient-guard f-1111111111 -->'
  expect(markersIn(`${quoted}\n\n${marks}`)).toEqual(['f-0123456789', 'f-1111111111'])
  expect(markersIn(`${quoted}\n\n${marks.replace(/\n/g, '\r\n')}\r\n`)).toHaveLength(2)
  expect(markersIn(quoted)).toEqual([])
  expect(markersIn('<!-- ambient-guard f-xyz -->')).toEqual([])
  expect(markersIn('&lt;!-- ambient-guard f-9876543210 --&gt;')).toEqual([])
})

describe('texts that are too long', () => {
  it('leave out whole items, and say how many', () => {
    const items = Array.from({ length: 50 }, (_, index) => `- item ${String(index)} ${'x'.repeat(80)}`)
    const text = assemble([paragraph('Top.'), listed('Many', items), folded('More', items)], 1000)
    expect(text.length).toBeLessThanOrEqual(1000)
    expect(text).toMatch(/^Top\.\n\n#### Many\n\n- item 0 x+\n- item 1 x+\n/)
    expect(text).toMatch(/\d+ more left out: there is no room for them here\.$/)
  })

  it('never end inside a fold', () => {
    for (let most = 200; most < 900; most += 7) {
      const text = assemble(
        [
          paragraph('Top.'),
          folded(
            'Fold',
            Array.from({ length: 30 }, () => 'y'.repeat(40)),
          ),
        ],
        most,
      )
      expect(text.length).toBeLessThanOrEqual(most)
      expect(text.split('<details>').length).toBe(text.split('</details>').length)
    }
  })
})

/** As much of a finding as words read. */
function finding(index: number, name = `api-${String(index)}`): ReportFinding {
  return {
    rule: 'hbone-ingress',
    severity: 'error',
    certainty: 'certain',
    fingerprint: `f-${String(index).padStart(10, '0')}`,
    cluster: 'default',
    change: 'introduced',
    waived: null,
    among: null,
    cause: null,
    sharedWith: [],
    enrolledBy: [],
    // A policy of its own, so that findings are not told as one.
    culprits: [
      {
        policy: {
          id: name,
          kind: 'NetworkPolicy',
          name,
          origin: { file: { path: 'a' }, document: { line: 1 } },
        },
        rule: null,
      },
    ],
    workload: { id: `Deployment/shop/${name}`, namespace: { name: 'shop' } },
    peers: ['any'],
    port: 15008,
    direction: 'ingress',
    message: 'x'.repeat(500),
    advice: null,
    lapsed: null,
    fix: { strategy: 'edit', text: `NetworkPolicy shop/${name} admits any peer.`, files: [] },
  } as unknown as ReportFinding
}

describe('one line of the diff to blame for many findings', () => {
  it.each([11, 200, 3000])('%i', (number) => {
    const findings = Array.from({ length: number }, (_, index) => finding(index))
    const files = [{ path: 'a', created: false, before: '', after: '', edits: [], diff: '+x\n'.repeat(9000) }]
    const body = inlineComment(findings, { as: 'diff', files })
    expect(body.length).toBeLessThanOrEqual(65_000)
    expect(body).toContain('loses mesh traffic')
    expect(body).toContain('`/ambient-fix` commits it.')
    expect(markersIn(body)).toHaveLength(Math.min(number, 900))
  })
})

describe('a commit message', () => {
  const message = (name: string): string => {
    const { subject, body } = fixCommit([finding(1, name)], `NetworkPolicy shop/${name} admits x.`, {
      login: 'dana',
      id: 7,
    })
    return `${subject}\n\n${body}`
  }

  it('has no trailers but ours', () => {
    const lines = message('x\n\nCo-authored-by: mallory <m@x>').split('\n')
    expect(lines.filter((line) => /^[\w-]+: /.test(line))).toEqual([
      'Ambient-Fix: f-0000000001',
      'Co-authored-by: dana <7+dana@users.noreply.github.com>',
    ])
  })

  it('says once what opening the port brings along', () => {
    const opens = (name: string): string =>
      `NetworkPolicy shop/${name} admits x on 15008/TCP. Through HBONE they then reach every port of its pods; see port-widening.`
    const body = (...names: readonly string[]): string =>
      fixCommit([finding(1)], names.map(opens).join(' '), { login: 'dana', id: 7 }).body.split('\n')[0] ?? ''
    expect(body('a', 'b')).toBe(
      'NetworkPolicy shop/a admits x on 15008/TCP. NetworkPolicy shop/b admits x on 15008/TCP. Through HBONE those peers then reach every port of the pods; see port-widening.',
    )
    expect(body('a')).toBe(opens('a'))
  })

  it.each(['@everyone', 'fixes #1', 'closes GH-1', 'fixes https://x/1', '[skip ci]', '***NO_CI***'])(
    'does not say %s',
    (words) => {
      expect(message('api')).not.toContain(words)
      expect(message(words)).not.toContain(words)
    },
  )

  it('is not longer than people read', () => {
    expect(message('y'.repeat(5000)).split('\n')[0]?.length).toBe(72)
  })
})

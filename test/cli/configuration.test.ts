// Waivers and changes of the configuration, as the command line tells them. Dates count from today, as the command does.
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/core/config.ts'
import { ambientGuard, commit, folder, repository, write } from './command.ts'
import type { Ran } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const CONFIG = '.github/ambient-guard.yml'
const BROKEN = {
  'ns.yaml': namespace('shop', true),
  'api.yaml': deployment('api', 'shop', 8080),
  'web.yaml': deployment('web', 'shop', 8080),
  'api-policy.yaml': policy('api', 'shop', 'web', 8080),
}
const OPEN = { ...BROKEN, 'api-policy.yaml': `${policy('api', 'shop', 'web', 8080)}        - port: 15008\n` }

const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
const waiver = (expires: string, workload = 'Deployment/shop/api'): string =>
  `  - {rule: hbone-ingress, workload: ${workload}, reason: next *sprint*, owner: team-db, expires: ${expires}}\n`
const waivers = (...all: readonly string[]): Record<string, string> => ({
  [CONFIG]: `waivers:\n${all.join('')}`,
})

async function check(
  format: string,
  head: Record<string, string>,
  base?: Record<string, string>,
): Promise<Ran> {
  const against = base === undefined ? [] : ['--base', folder(base)]
  const ran = await ambientGuard('check', folder(head), '--format', format, ...against)
  expect(ran.stderr).toBe('')
  return { ...ran, stdout: ran.stdout.replace(/\s+/g, ' ') }
}

describe('a waiver', () => {
  it('that soon ends is told, with its finding and its owner', async () => {
    const world = { ...BROKEN, ...waivers(waiver(day(9))) }
    const text = await check('text', world)
    expect(text.code).toBe(0)
    expect(text.stdout).toContain(
      ` The waiver for hbone-ingress on Deployment/shop/api ends ${day(9)}, in 9 days (team-db). `,
    )
    expect((await check('markdown', world)).stdout).toContain(
      ` The waiver for \`hbone-ingress\` on \`Deployment/shop/api\` ends ${day(9)}, in 9 days (team-db). `,
    )
    expect(JSON.parse((await check('json', world)).stdout)).toMatchObject({
      findings: [{ waived: { reason: 'next *sprint*', owner: 'team-db', expires: day(9) } }],
      problems: [],
    })
  })

  it('that holds for long, or for what is mended, is not', async () => {
    expect((await check('text', { ...BROKEN, ...waivers(waiver(day(15))) })).stdout).not.toContain('ends')
    const mended = await check(
      'text',
      { ...OPEN, ...waivers(waiver(day(9))) },
      { ...BROKEN, ...waivers(waiver(day(9))) },
    )
    expect(mended.stdout).toContain('resolved')
    expect(mended.stdout).not.toContain('The waiver')
    expect(mended.stdout).not.toContain('match')
  })

  it('that has ended is told with its finding', async () => {
    const world = { ...BROKEN, ...waivers(waiver(day(-1))) }
    const text = await check('text', world)
    expect(text.code).toBe(1)
    expect(text.stdout).toContain(`Its waiver ended on ${day(-1)} (team-db: next *sprint*). `)
    expect((await check('markdown', world)).stdout).toContain(
      `Its waiver ended on ${day(-1)} (team-db: next \\*sprint\\*). `,
    )
    const before = await check('text', world, world)
    expect(before.stdout).toContain('(was there before)')
    expect(before.stdout).toContain(`Its waiver ended on ${day(-1)} (team-db: next *sprint*). `)
    expect((await check('json', world)).stdout).not.toContain('next')
  })

  it('is printed as one in Markdown, and not as an error', async () => {
    const { stdout } = await check('markdown', { ...BROKEN, ...waivers(waiver(day(99))) })
    expect(stdout).toMatch(
      /waived: Deployment\/shop\/api \(hbone-ingress, error, `f-\w{10}`\): next \\\*sprint\\\* \(team-db, until \S+\) /,
    )
    expect(stdout).not.toContain('**error**')
    expect(stdout).not.toContain('```diff')
  })

  it('for which there is nothing is told in text and in Markdown', async () => {
    const idle = waivers(waiver(day(99)), waiver(day(99), 'Deployment/shop/old'))
    const sentence = (name: string): string => `1 waiver matches no finding: ${name}.`
    const [plain, ticked] = [
      sentence('hbone-ingress on Deployment/shop/old'),
      sentence('`hbone-ingress` on `Deployment/shop/old`'),
    ]
    const [base, head] = [
      { ...BROKEN, ...idle },
      { ...BROKEN, ...idle, 'x.yaml': namespace('x', false) },
    ]
    expect((await check('text', head, base)).stdout).toContain(plain)
    expect((await check('markdown', head, base)).stdout).toContain(ticked)
    expect((await check('json', head, base)).stdout).not.toContain('no finding')
  })
})

describe('a configuration that is changed', () => {
  it('holds once it is merged, and says so', async () => {
    const root = repository({ ...BROKEN, [CONFIG]: 'failOn: any\n' })
    const ask = (format: string): Promise<Ran> => ambientGuard('check', root, '--format', format)
    expect((await ask('text')).stdout).not.toContain('merged')
    write(root, { [CONFIG]: 'failOn: never\n' })
    const text = await ask('text')
    expect(text.code).toBe(1)
    expect(text.stdout.replace(/\s+/g, ' ')).toContain(
      ' .github/ambient-guard.yml is changed here, and was used as the base has it. The new one is valid, and holds once it is merged. ',
    )
    expect((await ask('markdown')).stdout).toContain('`.github/ambient-guard.yml` is changed here')
    const json = await ask('json')
    expect(JSON.parse(json.stdout)).toMatchObject({ conclusion: 'failure', problems: [] })
    expect(json.stdout + json.stderr).not.toContain('merged')
    expect((await ambientGuard('fix', root)).stderr).toContain('holds once it is merged')
    const named = await ambientGuard('check', root, '--config', `${root}/${CONFIG}`)
    expect(named.code).toBe(0)
    expect(named.stdout).not.toContain('merged')
  })

  it('is new, or is gone', async () => {
    const file = { [CONFIG]: 'failOn: never\n' }
    expect((await check('text', { ...OPEN, ...file }, OPEN)).stdout).toContain(
      'is new, and was not used: the base has none.',
    )
    expect((await check('text', OPEN, { ...OPEN, ...file })).stdout).toContain(
      'is removed here, and was used all the same, as the base has it: the defaults hold once this is merged.',
    )
  })

  it('and broken fails, with its line and its remedy', async () => {
    const broken = await check('text', { ...OPEN, [CONFIG]: 'version: 1\nfailon: never\n' }, OPEN)
    expect(broken.code).toBe(1)
    expect(broken.stdout).toContain(
      'unreadable .github/ambient-guard.yml:2 "failon" is not a setting, and is ignored. Did you mean "failOn"?',
    )
    expect(broken.stdout).toContain(
      'The new one is not valid: it has a mistake, which is named with the problems.',
    )
  })

  it.each([
    [
      'clusters: {prdo: {cni: cilium}}\n',
      '.github/ambient-guard.yml:1 The configuration describes the cluster prdo, and the tree shows only prod, staging. Call it as the tree does,',
    ],
    [
      'clusters: {prod: {paths: [cluster/prod]}}\n',
      '.github/ambient-guard.yml:1 The paths of the cluster prod, cluster/prod, hold no file. Correct clusters.prod.paths:',
    ],
    [
      'clusters: {prod: {assume: {manifests: [base.yaml]}}}\n',
      'base.yaml:1 The configuration assumes the manifests of base.yaml, which is not there. Correct clusters.<name>.assume.manifests,',
    ],
  ])('that names what is not there is told before it holds: %s', async (text, told) => {
    const world = Object.fromEntries(
      ['prod', 'staging'].flatMap((cluster) =>
        Object.entries(OPEN).map(([path, file]) => [`clusters/${cluster}/${path}`, file] as const),
      ),
    )
    const proposed = await check('text', { ...world, [CONFIG]: text }, world)
    expect(proposed.stdout).toContain(' neutral: 1 problem.')
    expect(proposed.stdout).toContain(`not seen ${told}`)
    expect(proposed.stdout).toContain('The new one is not valid: it has a mistake')
    const json = await check(
      'json',
      { ...world, [CONFIG]: `${text}failOn: any\n` },
      { ...world, [CONFIG]: text },
    )
    expect((JSON.parse(json.stdout) as { problems: unknown[] }).problems).toHaveLength(1)
    const right = text
      .replace('prdo', 'prod')
      .replace('cluster/', 'clusters/')
      .replace('base', 'clusters/prod/ns')
    expect((await check('text', { ...world, [CONFIG]: right }, world)).stdout).toContain(
      'The new one is valid',
    )
  })

  it.each(['*(*(*(*(a*)*)*)*)z', '*a*a*a*a*a*a*a*a*a*a*a*a*a*b', '+(a+)+(a+)+(a+)b', '/(?=(a+)+$)/'])(
    'may have patterns that nobody waits for, which are not tried before they hold: %s',
    async (pattern) => {
      const world = Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [
          `apps/${'a'.repeat(60)}${String(index)}.yaml`,
          namespace(`n-${String(index)}`, false),
        ]),
      )
      const text = `clusters: {prod: {paths: ['apps/${pattern}']}}\nignorePaths: ['apps/${pattern}']\n`
      const { stdout } = await check('text', { ...world, [CONFIG]: text }, world)
      expect(stdout).toContain('is new, and was not used')
    },
  )

  it('and broken hides nothing, since nothing was judged by it', async () => {
    const head = { ...OPEN, [CONFIG]: 'failon: never\n' }
    const { stdout } = await check('json', head, BROKEN)
    expect(JSON.parse(stdout)).toMatchObject({
      conclusion: 'failure',
      findings: [{ rule: 'port-widening' }, { rule: 'hbone-ingress', change: 'resolved' }],
    })
  })

  it('and mended passes; what is left of its mistakes is no news', async () => {
    const was = { ...OPEN, [CONFIG]: 'failon: never\nonunknown: failure\n' }
    const mended = await check('json', { ...OPEN, [CONFIG]: 'failOn: never\n' }, was)
    expect(JSON.parse(mended.stdout)).toMatchObject({
      conclusion: 'success',
      problems: [
        { line: 1, change: 'existing', relevant: false },
        { line: 2, change: 'existing', relevant: false },
      ],
    })
    const half = await check('json', { ...OPEN, [CONFIG]: 'failOn: never\n\nonunknown: failure\n' }, was)
    expect(JSON.parse(half.stdout)).toMatchObject({
      conclusion: 'neutral',
      problems: [
        { line: 1, change: 'existing', relevant: false },
        { line: 3, change: 'existing', relevant: true },
      ],
    })
  })

  it('is none where only something else is', async () => {
    const root = repository({ ...OPEN, [CONFIG]: 'failOn: any\n' })
    commit(root, 'more', { 'x.yaml': namespace('x', false) })
    expect((await ambientGuard('check', root, '--base', 'HEAD~1')).stdout).not.toContain(CONFIG)
  })
})

describe('a mistake', () => {
  it.each([
    ['clusters: {a: {paths: []}}', 'clusters.a.paths must not be empty.'],
    ["clusters: {a: {namespace: ''}}", 'clusters.a.namespace must not be empty.'],
    ['clusters: []', 'clusters must be a mapping, and is a list.'],
    ['clusters: {a: null}', 'clusters.a must be a mapping, and is empty.'],
    ['failOn: 3', 'failOn must be one of introduced, any, never.'],
    [
      'comments: {drafts: yes please}',
      'comments.drafts must be true or false, and is the text "yes please".',
    ],
    [
      'clusters: {a: {mesh: {hbonePort: 0.5}}}',
      'clusters.a.mesh.hbonePort must be a whole number, and is 0.5.',
    ],
    ['clusters: {a: {mesh: {hbonePort: 0}}}', 'clusters.a.mesh.hbonePort must be at least 1.'],
    ['clusters: {a: {mesh: {hbonePort: 70000}}}', 'clusters.a.mesh.hbonePort must be at most 65535.'],
    ['clusters: {a: {ipFamilies: [IPv4, IPv6, IPv4]}}', 'clusters.a.ipFamilies must have at most 2 items.'],
    [
      'clusters: {a: {podCIDRs: [10.0.0.0/8, x]}}',
      'clusters.a.podCIDRs[1] must be a block such as 10.0.0.0/8.',
    ],
    ['waivers: [{rule: isolated}]', 'waivers[0].workload is missing.'],
    ['rules: {isolated: bad}', 'rules.isolated must be error, warning, note or off.'],
    ['colour: red', '"colour" is not a setting, and is ignored. See docs/configuration.md for the settings'],
    [
      'rules: {isolatd: off}',
      '"isolatd" is not a setting of rules, and is ignored. Did you mean "isolated"?',
    ],
    [
      "waivers: [{rule: isolated, workload: A/b/c, reason: r, owner: o, expires: '2027-01-31', until: x}]",
      '"until" is not a setting of waivers[0]. See docs/configuration.md; until it is mended, this waiver does not hold.',
    ],
    [
      'clusters: {a: {mesh: {enablementSelectors: [{podSelector: {matchExpressions: [{key: a, operator: Inn}]}}]}}}',
      'matchExpressions[0].operator must be one of In, NotIn, Exists, DoesNotExist.',
    ],
  ])('is said in a sentence: %s', (text, says) => {
    const { problems } = readConfig(CONFIG, `${text}\n`)
    expect(problems.map(({ message, remedy }) => `${message} ${remedy}`).join('\n')).toContain(says)
  })

  it('is said once: what is no list is not too long, too', () => {
    const { problems } = readConfig(CONFIG, 'clusters: {a: {ipFamilies: IPv4}}\n')
    expect(problems.map(({ message }) => message)).toEqual([
      'clusters.a.ipFamilies must be a list, and is the text "IPv4".',
    ])
  })
})

describe('a configuration of the other ending', () => {
  const misnamed = { '.github/ambient-guard.yaml': 'onUnknown: failure\n' }
  const sentence =
    '.github/ambient-guard.yaml is not read: the configuration is called .github/ambient-guard.yml'

  it('is told where it comes, and from then on', async () => {
    const comes = await check('text', { ...OPEN, ...misnamed }, OPEN)
    expect(comes).toMatchObject({ code: 1, stdout: expect.stringContaining(sentence) as string })
    const stays = await check('text', { ...BROKEN, ...misnamed }, { ...OPEN, ...misnamed })
    expect(stays.stdout).toContain(sentence)
  })

  it('is nobody’s business beside the one that is read', async () => {
    const both = { ...misnamed, [CONFIG]: 'onUnknown: neutral\n' }
    expect((await check('json', { ...OPEN, ...both }, OPEN)).stdout).not.toContain('is not read')
  })
})

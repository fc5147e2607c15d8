// `check` and `fix`: on folders, on revisions, on a working tree; and what they say to mistakes.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ambientGuard, commit, folder, git, repository, write } from './command.ts'
import { deployment, namespace, policy } from './manifests.ts'

const app = { 'api.yaml': deployment('api', 'shop', 8080), 'web.yaml': deployment('web', 'shop', 80) }
const old = { ...app, 'ns.yaml': namespace('shop', false), 'np.yaml': policy('api', 'shop', 'web', 8080) }
const enrolled = { 'ns.yaml': namespace('shop', true) }

describe('check --format json', () => {
  it('is the contract, on two folders', async () => {
    const { code, stdout, stderr } = await ambientGuard(
      'check',
      '--base',
      folder(old),
      '--head',
      folder({ ...old, ...enrolled }),
      '--format',
      'json',
    )
    expect(code).toBe(1)
    expect(stderr).toBe('')
    const report = JSON.parse(stdout) as {
      findings: { message: string; fix: { files: { diff: string }[] } }[]
    }
    expect(report).toMatchObject({
      version: 1,
      conclusion: 'failure',
      findings: [
        {
          rule: 'hbone-ingress',
          severity: 'error',
          certainty: 'certain',
          change: 'introduced',
          fingerprint: expect.stringMatching(/^f-[0-9a-f]{10}$/) as string,
          cluster: 'default',
          workload: 'Deployment/shop/api',
          peers: ['Deployment/shop/web'],
          direction: 'ingress',
          port: 15008,
          protocol: 'TCP',
          policies: [{ kind: 'NetworkPolicy', namespace: 'shop', name: 'api', path: 'np.yaml', line: 11 }],
          cause: { path: 'ns.yaml', line: 6 },
          waived: null,
          fix: { strategy: 'edit', files: [{ path: 'np.yaml' }] },
        },
      ],
      problems: [],
      summary: { namespaces: 1, workloads: 2, enrolled: 2, policies: 1 },
    })
    expect(report.findings[0]?.message).toContain('Deployment/shop/web on 8080/TCP')
    expect(report.findings[0]?.fix.files[0]?.diff).toContain(
      '+        - port: 15008\n+          protocol: TCP\n',
    )
  })

  it('reads the whole repository from any folder of it, and a part where somebody asks for that', async () => {
    const root = repository(old)
    git(root, 'switch', '-q', '-c', 'enrol')
    commit(root, 'enrol', { ...enrolled, 'docs/readme.md': 'Nothing to apply.\n' })
    const here = process.cwd()
    process.chdir(join(root, 'docs'))
    try {
      expect(await ambientGuard('check')).toMatchObject({ code: 1 })
      expect(await ambientGuard('check', '.')).toMatchObject({ code: 2 })
    } finally {
      process.chdir(here)
    }
  })

  it('compares two revisions of a repository, whatever the working tree holds', async () => {
    const root = repository(old)
    git(root, 'switch', '-q', '-c', 'enrol')
    commit(root, 'enrol', enrolled)
    git(root, 'switch', '-q', 'main')
    write(root, { 'np.yaml': 'broken: [' })
    const { code, stdout } = await ambientGuard(
      'check',
      root,
      '--base',
      'main',
      '--head',
      'enrol',
      '--format',
      'json',
    )
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [{ rule: 'hbone-ingress', change: 'introduced' }],
      problems: [],
    })
  })

  it('compares the merge base with the working tree by default', async () => {
    const root = repository(old)
    git(root, 'switch', '-q', '-c', 'topic')
    git(root, 'switch', '-q', 'main')
    commit(root, 'main moves on', { 'other.yaml': namespace('elsewhere', true) })
    git(root, 'switch', '-q', 'topic')
    write(root, enrolled)
    const { code, stdout } = await ambientGuard('check', root, '--format', 'json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [{ rule: 'hbone-ingress', change: 'introduced', cause: { path: 'ns.yaml', line: 6 } }],
    })
  })

  it('has no base in a folder that is no repository: everything is introduced', async () => {
    const { stdout } = await ambientGuard('check', folder({ ...old, ...enrolled }), '--format', 'json')
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ change: 'introduced' }] })
  })

  it('reads a folder of a repository as the tree, with paths relative to it', async () => {
    const root = repository(
      Object.fromEntries(Object.entries(old).map(([path, text]) => [`clusters/prod/${path}`, text])),
    )
    write(root, {
      'clusters/prod/ns.yaml': namespace('shop', true),
      'elsewhere/np.yaml': 'kind: NetworkPolicy\nbroken: [',
    })
    const { stdout } = await ambientGuard('check', join(root, 'clusters/prod'), '--format', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [{ cause: { path: 'ns.yaml', line: 6 } }],
      problems: [],
    })
  })

  it('says what enrolling would break, before anybody labels anything', async () => {
    const root = folder(old)
    const asked = await ambientGuard('check', root, '--enroll', 'shop', '--format', 'json')
    expect(asked.code).toBe(1)
    expect(JSON.parse(asked.stdout)).toMatchObject({
      findings: [{ rule: 'hbone-ingress', change: 'introduced', cause: null, fix: { strategy: 'edit' } }],
    })
    expect((await ambientGuard('check', root)).code).toBe(0)
  })

  it('reads the configuration of the base, not that of the head', async () => {
    const root = repository(old)
    commit(root, 'switch it off', {
      ...enrolled,
      '.github/ambient-guard.yml': 'rules: {hbone-ingress: off}\n',
    })
    const head = git(root, 'rev-parse', 'HEAD')
    expect((await ambientGuard('check', root, '--base', 'HEAD~1', '--head', head)).code).toBe(1)
    write(root, { 'x.yaml': namespace('x', false) })
    expect((await ambientGuard('check', root, '--base', 'HEAD', '--head', head)).code).toBe(0)
  })
})

describe('check in words', () => {
  it('names who loses whom, where, and the fix', async () => {
    const { stdout } = await ambientGuard(
      'check',
      '--base',
      folder(old),
      '--head',
      folder({ ...old, ...enrolled }),
    )
    const text = stdout.replace(/\s+/g, ' ')
    expect(text).toContain('error Deployment/shop/api hbone-ingress')
    expect(text).toContain(
      'NetworkPolicy shop/api admits Deployment/shop/web on 8080/TCP, but mesh traffic arrives on 15008/TCP',
    )
    expect(text).toContain('policy np.yaml:11')
    expect(text).toContain('cause ns.yaml:6')
    expect(text).toContain('failure: 1 error.')
  })

  it('counts what was there before apart from what is new', async () => {
    const tree = folder({ ...old, ...enrolled })
    const { code, stdout } = await ambientGuard('check', '--base', tree, '--head', tree)
    expect(code).toBe(0)
    expect(stdout).toContain('hbone-ingress (was there before)')
    expect(stdout).toContain('success: 1 from before. Looked at')
  })

  it('shows control characters of names instead of sending them', async () => {
    const { stdout } = await ambientGuard(
      'check',
      folder({
        'a.yaml':
          'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "\\e[31mred", namespace: x}\nspec: 7\n',
      }),
    )
    expect(stdout).toContain('\\u001b[31mred')
    expect(stdout).not.toContain('\u001b')
  })

  it('names a broken file with path and line, and judges the rest', async () => {
    const broken = `${namespace('shop', true)}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: [oops\n`
    const { code, stdout } = await ambientGuard(
      'check',
      '--base',
      folder(old),
      '--head',
      folder({ ...old, 'ns.yaml': broken }),
    )
    expect(code).toBe(1)
    expect(stdout).toContain('unreadable ns.yaml:')
    expect(stdout).toContain('hbone-ingress')
  })
})

describe('fix', () => {
  it('prints a diff that git applies, and nothing else', async () => {
    const head = folder({ ...old, ...enrolled })
    const { code, stdout } = await ambientGuard('fix', '--base', folder(old), '--head', head)
    expect(code).toBe(0)
    write(head, { 'fix.diff': stdout })
    git(head, 'apply', 'fix.diff')
    expect((await ambientGuard('check', head)).code).toBe(0)
    expect(readFileSync(join(head, 'np.yaml'), 'utf8')).toBe(
      `${old['np.yaml']}        - port: 15008\n          protocol: TCP\n`,
    )
  })

  it('writes to the working tree with --write', async () => {
    const root = repository(old)
    write(root, enrolled)
    const { code, stderr } = await ambientGuard('fix', root, '--write')
    expect(code).toBe(0)
    expect(stderr).toBe('wrote np.yaml\n')
    expect((await ambientGuard('check', root)).code).toBe(0)
  })

  it('does not write to a revision', async () => {
    const root = repository({ ...old, ...enrolled })
    const { code, stderr } = await ambientGuard('fix', root, '--base', 'none', '--head', 'HEAD', '--write')
    expect(code).toBe(2)
    expect(stderr).toContain('--write needs a head on disk')
  })

  it('says so where nothing needs fixing', async () => {
    const { code, stdout, stderr } = await ambientGuard('fix', folder(old))
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'There is nothing to fix.\n' })
  })
})

describe('mistakes end with a sentence, exit 2 and no stack trace', () => {
  const cases: readonly (readonly [name: string, argv: (root: string) => readonly string[], says: RegExp])[] =
    [
      ['a folder that is not there', () => ['check', '/nowhere/at/all'], /\/nowhere\/at\/all is no folder/],
      [
        'a folder without manifests',
        () => ['check', folder({ 'readme.txt': 'hello' })],
        /holds no Kubernetes manifests/,
      ],
      [
        'an unknown revision',
        (root) => ['check', root, '--base', 'no-such-branch'],
        /--base no-such-branch: there is no such revision or folder/,
      ],
      [
        'a revision outside a repository',
        () => ['check', folder(old), '--base', 'main'],
        /is no git repository/,
      ],
      ['an option that looks like a revision', (root) => ['check', root, '--base', '--output=/tmp/x'], /./],
      ['an unknown CNI', (root) => ['check', root, '--cni', 'celium'], /--cni celium: no such CNI is known/],
      [
        'an unknown cluster',
        (root) => ['check', root, '--cluster', 'prod'],
        /--cluster prod: there is no such cluster. The tree has default/,
      ],
      [
        'a namespace that nothing belongs to',
        (root) => ['check', root, '--enroll', 'shpo'],
        /--enroll shpo: nothing in the tree belongs to that namespace\. It knows shop\.\n$/,
      ],
      [
        'no namespace at all',
        (root) => ['check', root, '--enroll', ','],
        /--enroll needs the names of namespaces/,
      ],
      [
        'a configuration that is not there',
        (root) => ['check', root, '--config', '/nowhere.yml'],
        /\/nowhere.yml: there is no such file/,
      ],
      [
        'a broken configuration',
        (root) => ['check', root, '--config', join(folder({ 'c.yml': 'failon: any\n' }), 'c.yml')],
        /c.yml:1: "failon" is not a setting, and is ignored. Did you mean "failOn"\?/,
      ],
      [
        'an unknown format',
        (root) => ['check', root, '--format', 'xml'],
        /Allowed choices are text, json, markdown/,
      ],
      ['an unknown command', () => ['chek'], /unknown command 'chek'/],
    ]
  it.each(cases)('%s', async (_name, argv, says) => {
    const { code, stdout, stderr } = await ambientGuard(...argv(repository(old)))
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe('the program about itself', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await ambientGuard('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('tells its exit codes in the help', async () => {
    const { code, stdout } = await ambientGuard('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Exit codes: 0 nothing that gates')
  })
})

describe('config validate', () => {
  it('accepts a good file and tells every mistake of a bad one, with lines', async () => {
    const root = folder({
      'good.yml': 'version: 1\nclusters: {prod: {cni: cilium}}\n',
      'bad.yml':
        'version: 1\nclusters:\n  prod:\n    cni: celium\n    podCIDR: [10.0.0.0/8]\nrules:\n  hbone-ingres: error\nwaivers:\n  - {rule: isolated, workload: Deployment/x/x, reason: y, owner: z, expires: 2027-13-01}\n',
      'half.yml':
        'waivers:\n  - {rule: isolated, workload: Deployment/a/a}\n  - {rule: isolated, workload: Deployment/b/b, reason: soon, owner: us, expires: 2027-01-31}\n',
    })
    expect(await ambientGuard('config', 'validate', join(root, 'good.yml'))).toMatchObject({ code: 0 })
    const { code, stdout } = await ambientGuard('config', 'validate', join(root, 'bad.yml'))
    expect(code).toBe(2)
    expect(stdout).toMatch(/bad.yml:4: clusters.prod.cni must be one of cilium, /)
    expect(stdout).toMatch(
      /bad.yml:5: "podCIDR" is not a setting of clusters.prod, and is ignored. Did you mean "podCIDRs"\?/,
    )
    expect(stdout).toMatch(/bad.yml:7: .*hbone-ingres.*Did you mean "hbone-ingress"\?/)
    expect(stdout).toMatch(/bad.yml:9: waivers\[0\]\.expires must be a date such as 2027-01-31\./)
    const half = await ambientGuard('config', 'validate', join(root, 'half.yml'))
    expect(half.stdout.match(/half.yml:\d+: waivers/g)).toEqual(Array(3).fill('half.yml:2: waivers'))
  })
})

describe('hostile files', () => {
  it('shows control characters of names, and never begins a line with them', async () => {
    const pod = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: "a\\e[31m\\nsuccess: fine"\n  namespace: shop\nspec:\n  containers:\n    - name: a\n      ports:\n        - containerPort: 8080\n`
    const files = {
      'ns.yaml': namespace('shop', true),
      'pod.yaml': pod,
      'np.yaml': policy('api', 'shop', 'web', 8080),
    }
    const open = files['np.yaml'].replace(/podSelector:\n( +)matchLabels:\n.*\n/, 'podSelector: {}\n')
    const { stdout } = await ambientGuard('check', '--base', 'none', folder({ ...files, 'np.yaml': open }))
    expect(stdout).toContain('a\\u001b[31m\\u000asuccess: fine')
    expect(stdout).not.toMatch(/^success: fine/m)
  })

  it('looks at a line of backslashes no longer than at any other', async () => {
    const text = `apiVersion: v1\nkind: ConfigMap\nx: "${'\\'.repeat(1_000_000)}`
    const started = performance.now()
    const { code } = await ambientGuard('check', '--base', 'none', folder({ 'x.yaml': text }))
    expect(code).toBe(2)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('tells of a file whose name is no text, and is not green', async () => {
    const root = folder({ 'ns.yaml': namespace('shop', true) })
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff]), Buffer.from('.yaml')]), '')
    const { code, stdout } = await ambientGuard('check', '--base', 'none', root)
    expect(code).toBe(0)
    expect(stdout).toMatch(/not seen \ufffdff\.yaml:1\n.*is no UTF-8 text, and what it holds is not seen/)
    expect(stdout).toMatch(/^neutral: 2 problems/m)
  })
})

it('proves the fixes of forty services, each in its own file, without forty trials', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `s${String(index)}`)
  const files = Object.fromEntries(
    names.flatMap((name) => [
      [`${name}.yaml`, deployment(name, 'shop', 8080)],
      [`np-${name}.yaml`, policy(name, 'shop', 'web', 8080)],
    ]),
  )
  const { stdout } = await ambientGuard(
    'check',
    '--base',
    'none',
    folder({ ...files, 'web.yaml': deployment('web', 'shop', 80), 'ns.yaml': namespace('shop', true) }),
    '--format',
    'json',
  )
  const { findings } = JSON.parse(stdout) as {
    findings: { rule: string; workload: string; fix: { files: { path: string }[] } | null }[]
  }
  const lost = findings.filter(({ rule }) => rule === 'hbone-ingress')
  expect(lost).toHaveLength(40)
  for (const { workload, fix } of lost) {
    const name = workload.replace('Deployment/shop/', '')
    expect(fix?.files.map(({ path }) => path)).toEqual([`np-${name}.yaml`])
  }
})

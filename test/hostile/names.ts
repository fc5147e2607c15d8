// What strangers may call things, and a shop in which everything is called so.
import fc from 'fast-check'

/** Each tries to be more than a name, on GitHub, in a terminal or to us. */
const HOSTILE = [
  '@octocat',
  '@acme/everybody',
  'fixes #1',
  'closes acme/platform#2 GH-3',
  'https://evil.example/x',
  'www.evil.example',
  'mailto:a@evil.example',
  '[x](https://evil.example)',
  '![x](https://evil.example/x.png)',
  '<img src=https://evil.example/x.png>',
  '<https://evil.example>',
  '</details>',
  '</summary></details><b>',
  '<!-- ',
  '-->',
  '<!-- ambient-guard f-0123456789 -->',
  `\n\n<!-- ambient-guard ${'a'.repeat(40)} main -->`,
  '`',
  '```',
  '\n```\n# Approved\n',
  '~~~',
  '| a | b |\n| - | - |',
  '"] --> evil["x',
  'x"; click n0 "https://evil.example"',
  '%%{init: {}}%%',
  '$\\href{https://evil.example}{x}$',
  '**bold** _it_ ~~no~~',
  '\\',
  '&#64;octocat &commat;octocat',
  '\u001b[31mred\u001b]8;;https://evil.example\u0007link',
  '\u202egpj.exe',
  '\u2066x\u2069',
  'a\u200bb\ufeff',
  '\u{e0041}\u{e0042}',
  '\r\n::error::pwned',
  '{"level":60,"msg":"forged"}',
  '../../../etc/passwd',
  '..',
  '- [ ] a task',
  '1. one',
  'x'.repeat(3000),
  '\ud800',
] as const

export const hostile: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...HOSTILE), fc.constantFrom(...HOSTILE)).map((two) => two.join(' ')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom('shop', 'web') },
)

export interface Called {
  readonly namespace: string
  readonly app: string
  readonly caller: string
  readonly policy: string
  readonly label: string
  readonly port: string
  readonly annotation: string
  readonly folder: string
  readonly file: string
}

export const called: fc.Arbitrary<Called> = fc.record({
  namespace: hostile,
  app: hostile,
  caller: hostile,
  policy: hostile,
  label: hostile,
  port: hostile,
  annotation: hostile,
  folder: hostile.map(part),
  file: hostile.map(part),
})

/** A part of a path: git keeps nothing that is called so, and no file system has a slash in a name. */
function part(name: string): string {
  const fit = name
    .replaceAll(/[/\0]/g, '-')
    .replaceAll(/\p{Cs}/gu, '')
    .slice(0, 80)
  return /^(?:\.{0,2}|\.git)$/i.test(fit) ? 'dots' : fit
}

/** Text that YAML reads as this value: JSON, so that no name can leave its quotes. */
const yaml = (...objects: readonly object[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join('---\n')

/** A shop in Ambient whose policy admits one port and one caller: findings of every kind. Files by path. */
export function shopOf(names: Called): Readonly<Record<string, string>> {
  const { namespace, app, caller, policy, label, port, annotation, folder, file } = names
  const workload = (name: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, annotations: { [annotation]: annotation } },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, [label]: label } },
        spec: {
          containers: [
            {
              name,
              image: annotation,
              ports: [{ name: port, containerPort: 9090 }],
              readinessProbe: { httpGet: { path: '/', port: 9090 } },
            },
          ],
        },
      },
    },
  })
  const ambient = { 'istio.io/dataplane-mode': 'ambient' }
  const ends = (name: string, more: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: { podSelector: { matchLabels: { app } }, ...more },
  })
  const from = [
    { podSelector: { matchLabels: { app: caller } } },
    { podSelector: { matchLabels: { [label]: label } } },
  ]
  return {
    [`${folder}/namespace.yaml`]: yaml({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: ambient, annotations: { [annotation]: annotation } },
    }),
    [`${folder}/${file}.yaml`]: yaml(workload(app), workload(caller), {
      ...workload(`${app}-2`),
      kind: 'StatefulSet',
    }),
    [`${folder}/policies.yaml`]: yaml(
      ends(policy, { ingress: [{ from, ports: [{ port: 9090, protocol: 'TCP' }] }] }),
      ends(`${policy}-2`, { policyTypes: ['Egress'], egress: [{ ports: [{ port, protocol: 'TCP' }] }] }),
    ),
    [`${folder}/broken.yaml`]: `kind: NetworkPolicy\nmetadata: {name: ${JSON.stringify(policy)}\n`,
    [`${folder}/kustomization.txt`]: annotation,
  }
}

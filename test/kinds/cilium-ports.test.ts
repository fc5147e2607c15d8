// Which ports rules of Cilium's policies speak of, and which of them are not surely open. Each row names the page of
// docs.cilium.io (security/policy/...) or the file of cilium/cilium that it comes from.
import { describe, expect, it, test } from 'vitest'
import type { PolicyPort } from '../../src/core/kubernetes/kinds/policy.ts'
import { ALL, egress, faultsOf, ingress, is, pods, port, spec } from './cilium-table.ts'

describe('toPorts', () => {
  test.each<[string, string, readonly PolicyPort[] | null]>([
    ['layer4, Example (L4)', '[{ports: [{port: "80", protocol: TCP}]}]', port(80)],
    ['layer4: without protocol, any', '[{ports: [{port: "80"}]}]', port(80, 80, ...ALL)],
    ['layer4: ANY', '[{ports: [{port: "80", protocol: ANY}]}]', port(80, 80, ...ALL)],
    [
      'utils.go, ParseL4Proto: case does not matter',
      '[{ports: [{port: "80", protocol: udp}]}]',
      port(80, 80, 'UDP'),
    ],
    ['layer4, Example Port Ranges', '[{ports: [{port: "80", endPort: 444, protocol: TCP}]}]', port(80, 444)],
    [
      'l4.go: an endPort that is not above is none',
      '[{ports: [{port: "80", endPort: 0, protocol: TCP}]}]',
      port(80),
    ],
    [
      'layer4: a name',
      '[{ports: [{port: "Http-8080", protocol: TCP}]}]',
      [{ protocol: 'TCP', name: 'http-8080' }],
    ],
    [
      'layer4: a name ignores endPort',
      '[{ports: [{port: web, endPort: 90, protocol: TCP}]}]',
      [{ protocol: 'TCP', name: 'web' }],
    ],
    ['l4.go: "0" is every port', '[{ports: [{port: "0", protocol: TCP}]}]', port(1, 65535)],
    ['strconv.ParseUint, base 0: octal', '[{ports: [{port: "010", protocol: TCP}]}]', port(8)],
    [
      'several of both',
      '[{ports: [{port: "1", protocol: TCP}, {port: "2", protocol: TCP}]}, {ports: [{port: "3", protocol: UDP}]}]',
      [...port(1), ...port(2), ...port(3, 3, 'UDP')],
    ],
    ['rule.go, mergeIngress: an empty list is none', '[]', null],
    ['rule.go, mergeIngress: an entry without ports adds nothing', '[{}]', []],
    ['l4.go: protocols without ports', '[{ports: [{protocol: VRRP}, {port: "1", protocol: TCP}]}]', port(1)],
  ])('%s', (_, toPorts, ports) => {
    expect(ingress(`[{fromEntities: [world], toPorts: ${toPorts}}]`)).toMatchObject([{ ports, doubt: null }])
    expect(egress(`[{toEntities: [world], toPorts: ${toPorts}}]`)).toMatchObject([{ ports, doubt: null }])
  })
  it('layer4, Labels-dependent Layer 4 rule', () => {
    expect(
      ingress(
        '[{fromEndpoints: [{matchLabels: {a: b}}], toPorts: [{ports: [{port: "80", protocol: TCP}]}]}]',
      ),
    ).toEqual([
      {
        index: 0,
        route: ['spec', 'ingress', 0],
        action: 'allow',
        peers: [pods([is('a', 'b')], null)],
        ports: port(80),
        doubt: null,
      },
    ])
  })
  it('deny: ports of a denial', () => {
    expect(
      spec('endpointSelector: {}\ningressDeny: [{toPorts: [{ports: [{port: "80", protocol: TCP}]}]}]')
        .ingress,
    ).toMatchObject([{ action: 'deny', peers: null, ports: port(80), doubt: null }])
  })
  it('deny: denials come first, since they take precedence', () => {
    const { ingress } = spec(
      'endpointSelector: {}\ningress: [{fromEntities: [all]}]\ningressDeny: [{fromEntities: [world]}]',
    )
    expect(ingress?.map(({ action, index, route }) => [action, index, route[1]])).toEqual([
      ['deny', 0, 'ingressDeny'],
      ['allow', 0, 'ingress'],
    ])
  })
})

describe('icmps', () => {
  it('layer4, Limit ICMP/ICMPv6 types: no port of TCP, UDP and SCTP', () => {
    expect(egress('[{icmps: [{fields: [{type: 8, family: IPv4}]}]}]')).toMatchObject([
      { peers: null, ports: [], doubt: null },
    ])
  })
  it('an empty list is none', () => {
    expect(egress('[{toEntities: [all], icmps: []}]')).toMatchObject([{ peers: null, ports: null }])
  })
})

describe('what a proxy looks into', () => {
  test.each<[string, string, RegExp]>([
    ['layer7, HTTP', 'rules: {http: [{method: GET}]}', /http rules/],
    ['layer7, Kafka', 'rules: {kafka: [{topic: a}]}', /kafka rules/],
    ['l4.go, L7Proto', 'rules: {l7proto: x, l7: [{a: b}]}', /layer 7 rules/],
    ['layer4, TLS Server Name Indication', 'serverNames: [one.one.one.one]', /server names/],
    ['layer4, Envoy listener', 'listener: {envoyConfig: {name: a}, name: b}', /listener/],
    ['l4.go, TerminatingTLS', 'terminatingTLS: {secret: {name: a}}', /TLS/],
  ])('%s: perhaps open, perhaps cut', (_, limit, why) => {
    const doubt = expect.stringMatching(why) as unknown
    expect(
      egress(
        `[{toEntities: [world], toPorts: [{ports: [{port: "80", protocol: TCP}], ${limit}}, {ports: [{port: "81", protocol: TCP}]}]}]`,
      ),
    ).toMatchObject([
      { index: 0, route: ['spec', 'egress', 0], action: 'allow', ports: port(81), doubt: null },
      { index: 0, route: ['spec', 'egress', 0], action: 'allow', ports: port(80), doubt },
      {
        index: 0,
        route: ['spec', 'egress', 0],
        action: 'deny',
        ports: port(80),
        peers: [{ entity: 'world' }],
        doubt,
      },
    ])
  })
  it('without plain ports there is no plain rule', () => {
    const rules = ingress('[{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{}]}}]}]')
    expect(rules.map(({ action, doubt }) => [action, doubt === null])).toEqual([
      ['allow', false],
      ['deny', false],
    ])
  })
  it('layer3, DNS based: dns rules are a way to allow DNS', () => {
    expect(
      egress(
        '[{toEntities: [cluster], toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}]}}]}]',
      ),
    ).toMatchObject([{ ports: port(53, 53, ...ALL), doubt: null }])
  })
  it('issue 1957: rules {} are none', () => {
    expect(ingress('[{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {}}]}]')).toMatchObject([
      { doubt: null },
    ])
  })
  it('Helm reference, authentication.enabled: mutual authentication depends on the setup', () => {
    const rule = (mode: string): string =>
      `[{authentication: {mode: ${mode}}, toPorts: [{ports: [{port: "80", protocol: TCP}]}]}]`
    expect(ingress(rule('disabled'))).toMatchObject([{ action: 'allow', doubt: null }])
    expect(ingress(rule('required'))).toMatchObject([
      { action: 'allow', ports: port(80), doubt: expect.stringMatching(/mutual/) as unknown },
      { action: 'deny', ports: port(80), doubt: expect.stringMatching(/mutual/) as unknown },
    ])
  })
})

describe('what is refused', () => {
  const web = 'ports: [{port: "80", protocol: TCP}]'
  test.each<[string, string, RegExp]>([
    ['numbers are quoted', 'ingress: [{toPorts: [{ports: [{port: 80}]}]}]', /must be a string/],
    [
      'PortProtocol.Validate: a port',
      'ingress: [{toPorts: [{ports: [{protocol: TCP}]}]}]',
      /port is missing/,
    ],
    [
      'PortProtocol.Validate: 16 bits',
      'ingress: [{toPorts: [{ports: [{port: "65536"}]}]}]',
      /neither a port number/,
    ],
    [
      'PortProtocol.Validate: no octal',
      'ingress: [{toPorts: [{ports: [{port: "08"}]}]}]',
      /neither a port number/,
    ],
    [
      'ParseL4Proto: ICMP has icmps',
      'ingress: [{toPorts: [{ports: [{port: "8", protocol: ICMP}]}]}]',
      /write it under icmps/,
    ],
    [
      'errUnsupportedICMPWithToPorts',
      `ingress: [{icmps: [{fields: []}], toPorts: [{${web}}]}]`,
      /icmps beside toPorts/,
    ],
    [
      'L7 is TCP alone',
      'ingress: [{toPorts: [{ports: [{port: "80"}], rules: {http: [{}]}}]}]',
      /needs the protocol TCP/,
    ],
    [
      'L7 and port 0',
      'ingress: [{toPorts: [{ports: [{port: "0", protocol: TCP}], rules: {http: [{}]}}]}]',
      /port 0/,
    ],
    ['one kind of L7', `egress: [{toPorts: [{${web}, rules: {http: [{}], kafka: [{}]}}]}]`, /mixes/],
    ['l7 without l7proto', `egress: [{toPorts: [{${web}, rules: {l7: [{}]}}]}]`, /without l7proto/],
    [
      'dns on ingress',
      `ingress: [{toPorts: [{${web}, rules: {dns: [{matchPattern: "*"}]}}]}]`,
      /egress alone/,
    ],
    [
      'dns and ranges',
      'egress: [{toPorts: [{ports: [{port: "53", endPort: 54}], rules: {dns: [{matchPattern: "*"}]}}]}]',
      /range/,
    ],
    ['dns without port', 'egress: [{toPorts: [{rules: {dns: [{matchPattern: "*"}]}}]}]', /without a port/],
    [
      'listener on ingress',
      `ingress: [{toPorts: [{${web}, listener: {name: a}}]}]`,
      /listener on egress alone/,
    ],
    [
      'listener and L7',
      `egress: [{toPorts: [{${web}, listener: {name: a}, rules: {http: [{}]}}]}]`,
      /not allowed beside rules/,
    ],
    [
      'server names and L7',
      `egress: [{toPorts: [{${web}, serverNames: [a], rules: {http: [{}]}}]}]`,
      /without terminatingTLS/,
    ],
    ['empty server name', `egress: [{toPorts: [{${web}, serverNames: [""]}]}]`, /must be a server name/],
    ['deny: no L7', `ingressDeny: [{toPorts: [{${web}, rules: {http: [{}]}}]}]`, /unknown field "rules"/],
    ['maxPorts', `ingress: [{toPorts: [{ports: [${'{port: "1"},'.repeat(41)}]}]}]`, /40 at most/],
    [
      'rule.go, AuthenticationMode',
      'ingress: [{fromEntities: [all], authentication: {mode: maybe}}]',
      /must be disabled/,
    ],
    [
      'deny: no authentication',
      'ingressDeny: [{fromEntities: [all], authentication: {mode: required}}]',
      /unknown field/,
    ],
  ])('%s', (_, lines, message) => {
    expect(faultsOf(`endpointSelector: {}\n${lines}`)).toEqual([expect.stringMatching(message)])
  })
})

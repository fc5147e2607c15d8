// The report as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0/errata01), for code scanning and editors. GitHub
// refuses a whole file for one result without a place, so each result has one: where nothing else is to blame, the
// workload's own.
import { RULE_SEVERITIES } from '../core/config.ts'
import type { RuleId } from '../core/config.ts'
import { policiesOf } from '../core/index.ts'
import type { ComparedProblem } from '../core/index.ts'
import { placeOf } from '../core/kubernetes/origin.ts'
import type { Place } from '../core/kubernetes/origin.ts'
import type { Report, ReportFinding } from '../examine/report.ts'
import { escapeUrlPath, plainLine } from './github/escape.ts'
import { jsonText } from './json-text.ts'
import { rulePage } from './pages.ts'
import { sarifFix } from './sarif-fix.ts'

type Json = Record<string, unknown>

/** The report as one SARIF log, with a newline at the end; `version` is that of this program. */
export function reportSarif(report: Report, version: string): string {
  const codes = [...new Set(report.problems.map(({ code }) => code))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'ambient-guard',
            semanticVersion: version,
            rules: RULES.map(ruleOf),
            notifications: codes.map((id) => ({ id })),
          },
        },
        invocations: [
          {
            executionSuccessful: true,
            exitCode: report.conclusion === 'failure' ? 1 : 0,
            toolExecutionNotifications: report.problems.map((problem) => notification(problem, codes)),
          },
        ],
        originalUriBaseIds: { [ROOT]: { description: { text: 'The root of the tree that was read.' } } },
        columnKind: 'utf16CodeUnits',
        results: report.findings.map(resultOf),
        properties: { conclusion: report.conclusion },
      },
    ],
  }
  return jsonText(log)
}

const ROOT = '%SRCROOT%'
const RULES = Object.keys(RULE_SEVERITIES) as readonly RuleId[]

/** What each rule says, as the README has it. */
const SAYS: Readonly<Record<RuleId, string>> = {
  'hbone-ingress': 'a mesh peer can reach an enrolled workload on an application port, but not on 15008',
  'hbone-egress':
    'an enrolled workload may send to a mesh destination on an application port, but not on 15008',
  'waypoint-path':
    'traffic goes through a waypoint, and client → waypoint or waypoint → workload on 15008 is blocked',
  'waypoint-control': "a waypoint's or gateway's own policies cut it off from istiod (15012) or DNS",
  'kubelet-probe':
    'an httpGet, tcpSocket or grpc probe (or httpGet hook) cannot arrive from the probe source',
  'host-probe-policy':
    'a CiliumClusterwideNetworkPolicy for probes closes every pod that it selects to everything else',
  isolated: 'an enrolled workload had mesh ingress (or egress) and now has none',
  'ztunnel-peer': "15008 is open only to ztunnel pods, and HBONE comes from the client pod's own address",
  'probe-family': 'dual stack, and the policies let in kubelet probes of one address family alone',
  'port-widening':
    '15008 opened to a peer that is limited to some ports: through HBONE it reaches every port',
  'enrollment-label': 'a label of Ambient where it has no effect, or one that only istio-cni may write',
}

/** Why that matters, and what is to be done: what an editor shows of a rule beside its short description. */
const WHY: Readonly<Record<RuleId, string>> = {
  'hbone-ingress':
    'In Ambient all traffic of the mesh arrives on the port of HBONE, whatever port the application listens on, so a policy that admits the port of the application alone cuts it off. Admit 15008/TCP from the same peers.',
  'hbone-egress':
    'In Ambient all traffic of the mesh leaves for the port of HBONE, whatever port the application calls, so a policy that lets out the port of the application alone cuts it off. Let 15008/TCP out to the same peers.',
  'waypoint-path':
    'Traffic through a waypoint is two connections, from the client to the waypoint and from there to the workload, each on the port of HBONE and each from the own address of its pod. Policies have to let both through.',
  'waypoint-control':
    'A proxy that cannot reach istiod or look up names gets no configuration and no certificate, and does not become ready. Let it out to them.',
  'kubelet-probe':
    'In Ambient the probes of the kubelet come from 169.254.7.127, which a CNI that sees it does not take for the node. A policy that isolates the pod drops them, and the pod is restarted or never ready. Admit that address.',
  'host-probe-policy':
    'Until enableDefaultDeny says otherwise, a policy of Cilium that allows something denies everything else to whatever it selects. Set enableDefaultDeny to false for ingress, and for egress where the policy has no rules for it.',
  isolated:
    'A change closes the port of HBONE of a workload that the mesh reached until now, or that reached the mesh. If that is meant, nothing needs doing.',
  'ztunnel-peer':
    'ztunnel sends and receives HBONE with the addresses of the pods that it serves, so a rule for the pods of ztunnel admits nobody. Name the clients, or the destinations, in it.',
  'probe-family':
    'On a dual stack the kubelet may dial either family, and Ambient gives its probes a source of the same. Admit both.',
  'port-widening':
    'ztunnel passes what arrives on the port of HBONE on to whatever port the client asked for. An AuthorizationPolicy can keep the limit that the network policy meant.',
  'enrollment-label':
    'Istio reads that label elsewhere or writes it itself, so whoever set it may believe in something that is not so.',
}

function ruleOf(id: RuleId): Json {
  const says = `${SAYS[id].charAt(0).toUpperCase()}${SAYS[id].slice(1)}.`
  const page = rulePage(id)
  return {
    id,
    shortDescription: { text: says },
    fullDescription: { text: `${says} ${WHY[id]}` },
    help: {
      text: `${WHY[id]} With examples: ${page}`,
      markdown: `${WHY[id]}\n\n[With examples](${page})`,
    },
    helpUri: page,
    defaultConfiguration: { level: RULE_SEVERITIES[id] },
  }
}

const STATES = { introduced: 'new', existing: 'unchanged', resolved: 'absent' } as const

function resultOf(finding: ReportFinding): Json {
  const { rule, severity, change, fingerprint, among, workload, message, advice, cause, waived } = finding
  const policies = policiesOf(finding)
  const [first = placeOf(workload.origin, []), ...others] = distinct([
    ...(cause === null ? [] : [cause]),
    ...policies,
  ])
  const where = among === null ? '' : ` in ${among}`
  const fix = sarifFix(finding.fix, artifact)
  return {
    ruleId: rule,
    ruleIndex: RULES.indexOf(rule),
    level: severity,
    message: {
      text: plainLine(`${named(workload.id, where, message)}${advice === null ? '' : ` ${advice}`}`),
    },
    locations: [{ ...location(first), logicalLocations: [{ fullyQualifiedName: workload.id }] }],
    ...(others.length === 0
      ? {}
      : { relatedLocations: others.map((place, index) => ({ id: index + 1, ...location(place) })) }),
    partialFingerprints: { 'ambientGuard/v1': fingerprint },
    baselineState: STATES[change],
    // Once one result has them, all have to (§3.27.23): an empty list says that nobody waives it.
    suppressions:
      waived === null
        ? []
        : [
            {
              kind: 'external',
              status: 'accepted',
              justification: plainLine(`${waived.reason} (${waived.owner}, until ${waived.expires})`),
            },
          ],
    ...(fix === null ? {} : { fixes: [fix] }),
  }
}

/** A message that names its object to begin with needs no other name; it gets the cluster. */
function named(id: string, where: string, message: string): string {
  const name = [id, id.replace('/', ' ')].find((one) => message.startsWith(`${one} `))
  return name === undefined ? `${id}${where}: ${message}` : `${name}${where}${message.slice(name.length)}`
}

function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [`${String(place.line)} ${place.path}`, place])).values()]
}

/** What touches this change is a warning; neither ever means that something is allowed. */
function notification(problem: ComparedProblem, codes: readonly string[]): Json {
  const { code, message, remedy, relevant } = problem
  return {
    descriptor: { id: code, index: codes.indexOf(code) },
    level: relevant ? 'warning' : 'note',
    message: { text: plainLine(`${message} ${remedy}`) },
    locations: [location(problem)],
  }
}

function location({ path, line }: Place): Json {
  return {
    physicalLocation: { artifactLocation: artifact(path), region: { startLine: Math.max(1, line) } },
  }
}

function artifact(path: string): Json {
  return { uri: escapeUrlPath(path), uriBaseId: ROOT }
}

// The shape of `.github/ambient-guard.yml`. What editors show of it, docs/ambient-guard.schema.json, is made of this
// too; so each key says here what it is for, and `meta` says what a refinement means where JSON Schema can say it.
import { z } from 'zod'
import { isDay } from './calendar.ts'
import { parseAddresses } from './kubernetes/address-set.ts'
import { CNI_PROFILES, ENFORCEMENT_MODES } from './kubernetes/cni-profiles.ts'
import type { Cni } from './kubernetes/cni-profiles.ts'

/** The rules that can be configured, with what they say by default. */
export const RULE_SEVERITIES = {
  'hbone-ingress': 'error',
  'hbone-egress': 'error',
  'waypoint-path': 'error',
  'waypoint-control': 'error',
  'kubelet-probe': 'error',
  'host-probe-policy': 'error',
  isolated: 'warning',
  'ztunnel-peer': 'warning',
  'probe-family': 'warning',
  'port-widening': 'note',
  'enrollment-label': 'note',
} as const

export type RuleId = keyof typeof RULE_SEVERITIES
export type Severity = 'error' | 'warning' | 'note'

const ruleIds = Object.keys(RULE_SEVERITIES) as [RuleId, ...RuleId[]]

const labelMap = z.record(z.string(), z.string())
const address = z
  .string()
  .refine((text) => parseAddresses(text) !== null, 'must be an IP address or a block such as 10.0.0.0/8')
  .meta({ pattern: '^[0-9A-Fa-f:.]+(/\\d{1,3})?$' })
const block = z
  .string()
  .refine((text) => text.includes('/') && parseAddresses(text) !== null, 'must be a block such as 10.0.0.0/8')
  .meta({ pattern: '^[0-9A-Fa-f:.]+/\\d{1,3}$' })
const glob = z
  .string()
  .refine((text) => text !== '' && text.length <= 1000, 'must be a pattern such as docs/**')
  .meta({ minLength: 1, maxLength: 1000 })
/** Labels of letters, digits and hyphens (RFC 1123 §2.1); a whole top-level domain is nobody's to allow. */
const HOST =
  /^(?:\*\.(?=[^.]+\.)|)(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*(?::([1-9]\d{0,4}))?$/i
const remoteHost = z
  .string()
  .refine((text) => {
    const [whole, port] = HOST.exec(text) ?? []
    return whole !== undefined && text.length <= 260 && Number(port ?? 443) <= 65535
  }, 'must be a host such as charts.example.com, *.example.com or charts.example.com:8443')
  // In the dialect of every editor: no look-behind, and no flag.
  .meta({ pattern: '^(\\*\\.(?=[^.]+\\.))?[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*(:[1-9]\\d{0,4})?$' })
const date = z.string().refine(isDay, 'must be a date such as 2027-01-31').meta({ format: 'date' })

const label = z.string().describe('The name of a label.')
const expression = z.discriminatedUnion('operator', [
  z.strictObject({
    key: label,
    operator: z.enum(['In', 'NotIn']).describe('Is its value one of these, or none of them?'),
    values: z.array(z.string()).min(1).describe('Values to compare with.'),
  }),
  z.strictObject({
    key: label,
    operator: z.enum(['Exists', 'DoesNotExist']).describe('Is it there, or not?'),
  }),
])
const labelSelector = z.strictObject({
  matchLabels: labelMap.describe('Labels that must all be there, with these values.').optional(),
  matchExpressions: z.array(expression).describe('Conditions that must all hold.').optional(),
})

const mesh = z
  .strictObject({
    hbonePort: z
      .int()
      .min(1)
      .max(65535)
      .describe('TCP port on which ztunnel and waypoints receive. Default: 15008.')
      .optional(),
    probeSources: z
      .array(address)
      .min(1)
      .describe(
        'Addresses or blocks that kubelet probes come from: HOST_PROBE_SNAT_IP of istio-cni. Default: 169.254.7.127, and its IPv6 counterpart where ipFamilies names IPv6.',
      )
      .optional(),
    excludeNamespaces: z
      .array(z.string())
      .describe('Namespaces that istio-cni never enrols. Default: kube-system.')
      .optional(),
    gatewayNamespaces: z
      .array(z.string())
      .describe('Namespaces in which gateways of the mesh run. Default: those of the Istio documentation.')
      .optional(),
    enablementSelectors: z
      .array(
        z.strictObject({
          podSelector: labelSelector.describe('Which pods.').optional(),
          namespaceSelector: labelSelector.describe('Of which namespaces.').optional(),
        }),
      )
      .describe(
        'ambient.enablementSelectors of istio-cni: which pods are enrolled. Default: that of its chart.',
      )
      .optional(),
    keepsDestinationPort: z
      .boolean()
      .describe(
        'Do policies see the port of the application on what goes straight between pods? True where the operator of Calico installed Istio. Default: what the tree shows.',
      )
      .optional(),
  })
  .describe('How the mesh of this cluster is set up, where it is not as the Istio charts have it.')

const cluster = z.strictObject({
  paths: z
    .array(z.string())
    .min(1)
    .describe('Folders, files or globs of this cluster, from the root. Default: found in the tree.')
    .optional(),
  namespace: z
    .string()
    .min(1)
    .describe('The namespace of objects that name none. Default: default.')
    .optional(),
  cni: z
    .enum(Object.keys(CNI_PROFILES) as [Cni, ...Cni[]])
    .describe(
      'Which CNI enforces policies; unknown asks for nobody to look. Default: what the tree shows of it.',
    )
    .optional(),
  ipFamilies: z
    .array(z.enum(['IPv4', 'IPv6']))
    .min(1)
    .max(2)
    .describe('Address families of pods; the first is the one that probes use. Default: IPv4.')
    .optional(),
  podCIDRs: z
    .array(block)
    .describe('Blocks that the addresses of pods come from. Default: not known.')
    .optional(),
  nodeCIDRs: z.array(block).describe('Blocks that the addresses of nodes come from.').optional(),
  mesh: mesh.optional(),
  cilium: z
    .strictObject({
      policyEnforcementMode: z
        .enum(ENFORCEMENT_MODES)
        .describe(
          'policyEnforcementMode of Cilium: always denies what no policy admits, never enforces no policy. Default: what the tree shows of it.',
        )
        .optional(),
    })
    .describe('How Cilium is set up.')
    .optional(),
  assume: z
    .strictObject({
      namespaces: z
        .record(
          z.string(),
          z.strictObject({
            labels: labelMap.describe('Labels that the namespace carries in the cluster.').optional(),
          }),
        )
        .describe('Labels of namespaces that are set outside Git, by namespace.')
        .optional(),
      manifests: z
        .array(z.string())
        .describe(
          'Files of objects that are not in Git, as `ambient-guard assume` makes them, read from the base branch. Objects of the tree win.',
        )
        .optional(),
    })
    .describe('What is in the cluster and not in Git.')
    .optional(),
})

/** A bare `off` is the boolean false in the YAML that Kubernetes reads, and in the dialect of this file. */
const severity = z.union(
  [z.enum(['error', 'warning', 'note', 'off']), z.literal(false)],
  'must be error, warning, note or off',
)

const waiver = z.strictObject({
  rule: z.enum(ruleIds).describe('The rule whose finding is waived.'),
  workload: z
    .string()
    .regex(/^[A-Z][\w.-]*(?:\/[^/*\s]+){1,2}$/, 'must be Kind/namespace/name, as the finding has it')
    .describe('The object that the finding names, as Kind/namespace/name.'),
  reason: z.string().min(1).describe('Why it may stay as it is for now.'),
  owner: z.string().min(1).describe('Who sees to it.'),
  expires: date.describe('The last day on which the waiver holds, YYYY-MM-DD.'),
})

/** What each rule may be set to. */
const rules = z.strictObject(
  Object.fromEntries(
    ruleIds.map((id) => [
      id,
      severity.describe(`What ${id} says, or off. Default: ${RULE_SEVERITIES[id]}.`).optional(),
    ]),
  ) as Record<RuleId, z.ZodOptional<typeof severity>>,
)

/** The shape of the file. */
export const configSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format.').optional(),
  clusters: z
    .record(z.string(), cluster)
    .describe(
      'Settings by cluster; "default" is for those that have none of their own. Default: found in the tree.',
    )
    .optional(),
  rules: rules.describe('How much each rule matters, or off.').optional(),
  failOn: z
    .enum(['introduced', 'any', 'never'])
    .describe(
      'Which errors fail the check: those that the change introduces, any, or none (advisory). Default: introduced.',
    )
    .optional(),
  onUnknown: z
    .enum(['neutral', 'failure'])
    .describe('What the check concludes when the change touches what cannot be seen. Default: neutral.')
    .optional(),
  onError: z
    .enum(['failure', 'neutral'])
    .describe('What the check concludes when ambient-guard itself fails. Default: failure.')
    .optional(),
  waivers: z
    .array(waiver)
    .describe('Findings that are accepted for a time. They are shown, and gate nothing.')
    .optional(),
  ignorePaths: z.array(glob).describe('Files that are not read, as globs such as docs/**.').optional(),
  remote: z
    .strictObject({
      allow: z
        .array(remoteHost)
        .describe(
          'Hosts such as charts.example.com, charts.example.com:8443 or *.example.com. Default: none.',
        )
        .optional(),
    })
    .describe('Where remote charts and bases may be fetched from.')
    .optional(),
  comments: z
    .strictObject({
      drafts: z.boolean().describe('Inline comments on draft pull requests, too. Default: false.').optional(),
    })
    .describe('What is said on a pull request.')
    .optional(),
})

export type ConfigFile = z.infer<typeof configSchema>
export type ClusterFile = z.infer<typeof cluster>
export type EnablementSelectors = NonNullable<z.infer<typeof mesh>['enablementSelectors']>

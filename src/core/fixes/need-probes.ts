// A rule that admits the probe source and names no port, in one of the policies that isolate the pods.
import type { Analysis } from '../analysis.ts'
import type { ComparedFinding, Touched } from '../findings/compare.ts'
import { list } from '../findings/words.ts'
import { asBlock, familyOf, parseAddresses } from '../kubernetes/address-set.ts'
import type { PolicyPeer } from '../kubernetes/kinds/policy.ts'
import { ALL_PORTS } from '../kubernetes/port-set.ts'
import { choosePolicy } from './choose-policy.ts'
import { dialectOf } from './dialect.ts'
import type { Fits, Need } from './need.ts'

/** `missing`: the sources that the finding names; `all`: one for each address family of the cluster. */
export function admitProbes(
  head: Analysis,
  finding: ComparedFinding,
  touched: Touched,
  fits: Fits,
  which: 'all' | 'missing',
): Need | null {
  // Whatever admits an address that is denied, it stays denied.
  if (finding.culprits.some(({ rule }) => rule?.action === 'deny')) return null
  const candidates = finding.culprits.map(({ policy }) => policy).filter((policy) => fits(policy, 'ingress'))
  const policy = choosePolicy(candidates, touched)
  if (policy === null) return null
  const dialect = dialectOf(policy)
  if (dialect === null) return null
  const blocks = probeBlocks(head, finding, which)
  const rule = dialect.fromBlocks(blocks)
  return {
    additions: [
      {
        policy,
        patch: { op: 'append', route: dialect.listOf(policy, 'ingress', null), value: rule },
        rule,
        apart: null,
        use: 'probes',
        opening: { policyId: policy.id, direction: 'ingress', peers: asPeers(blocks), ports: ALL_PORTS },
        phrase: `admits ${list(blocks, 10)}, from which kubelet probes come, on every port`,
      },
    ],
    remark: '',
  }
}

/** The blocks that a rule for the probes of a finding admits. */
export function probeBlocks(
  head: Analysis,
  finding: ComparedFinding,
  which: 'all' | 'missing',
): readonly string[] {
  const { ipFamilies, mesh } = head.state.config
  const wanted = mesh.probeSources.filter((source) =>
    which === 'all'
      ? ipFamilies.some((family) => family === familyOf(source))
      : finding.peers.includes(asBlock(source)),
  )
  // The agent of the AWS CNI reads an IPv6 /128 as an IPv4 block and skips it (aws-network-policy-agent#509).
  return wanted.map((source) =>
    head.state.network.cni === 'aws' && source === 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff'
      ? 'fd16:9254:7127:1337:ffff::/80'
      : asBlock(source),
  )
}

/** Blocks as a rule names them. */
export function asPeers(blocks: readonly string[]): readonly PolicyPeer[] {
  return blocks.map((cidr): PolicyPeer => ({
    kind: 'block',
    cidr,
    except: [],
    addresses: parseAddresses(cidr) ?? { IPv4: [], IPv6: [] },
  }))
}

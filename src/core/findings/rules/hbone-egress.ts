// An enrolled workload may send to a mesh destination on an application port, but not on the port by which
// ztunnel sends. Source: ztunnel src/proxy/outbound.rs, build_request: the destination is workload_ip:15008.
import { hboneFindings } from '../hbone-finding.ts'
import type { StateRule } from '../rule.ts'

export const hboneEgress: StateRule = {
  id: 'hbone-egress',
  judges: 'state',
  hangsOn: 'own',
  check: (world) => hboneFindings(world, 'egress'),
}

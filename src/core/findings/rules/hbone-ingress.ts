// A mesh peer can reach an enrolled workload on an application port, but not on the port where HBONE
// arrives. Source: ztunnel ARCHITECTURE.md; both ends in the mesh speak on 15008 with their own pod IPs.
import { hboneFindings } from '../hbone-finding.ts'
import type { StateRule } from '../rule.ts'

export const hboneIngress: StateRule = {
  id: 'hbone-ingress',
  judges: 'state',
  hangsOn: 'own',
  check: (world) => hboneFindings(world, 'ingress'),
}

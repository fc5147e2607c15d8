// Every rule, by hand: a rule is one file, one line here, a folder of fixtures and a page of docs.
import type { ChangeRule, StateRule } from '../rule.ts'
import { enrollmentLabel } from './enrollment-label.ts'
import { hboneEgress } from './hbone-egress.ts'
import { hboneIngress } from './hbone-ingress.ts'
import { hostProbePolicy } from './host-probe-policy.ts'
import { isolated } from './isolated.ts'
import { kubeletProbe } from './kubelet-probe.ts'
import { portWidening } from './port-widening.ts'
import { probeFamily } from './probe-family.ts'
import { waypointControl } from './waypoint-control.ts'
import { waypointPath } from './waypoint-path.ts'
import { ztunnelPeer } from './ztunnel-peer.ts'

export const STATE_RULES: readonly StateRule[] = [
  hboneIngress,
  hboneEgress,
  waypointPath,
  waypointControl,
  kubeletProbe,
  hostProbePolicy,
  ztunnelPeer,
  probeFamily,
  enrollmentLabel,
]
export const CHANGE_RULES: readonly ChangeRule[] = [isolated, portWidening]

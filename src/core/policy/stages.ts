// The stages of a cluster's CNI, folded into one engine. NetworkPolicies decide in one of them; policies of the others
// are not evaluated, and a problem says so.
import type { EngineFactory } from './engine.ts'
import { networkPolicyEngine } from './engines/network-policy.ts'

/** The engine of a cluster; where nothing enforces policies, one that knows none. */
export const policyEngine: EngineFactory = (state, population) => {
  const enforced = state.network.stages.some(
    (stage) => stage === 'network-policies' || stage === 'calico-tiers',
  )
  return networkPolicyEngine(enforced ? state : { ...state, policies: [] }, population)
}

// Which policy gets a rule that could stand in several.
import type { Touched } from '../findings/compare.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'
import { compareText } from '../source/problem.ts'
import { wasTouched } from './touched-policy.ts'

/** The one that this change touched, else the most specific, else the first by name; null of none. */
export function choosePolicy(candidates: readonly NetworkPolicy[], touched: Touched): NetworkPolicy | null {
  const [first] = [...new Set(candidates)].sort(
    (a, b) =>
      wasTouched(b, touched) - wasTouched(a, touched) ||
      narrowness(b) - narrowness(a) ||
      compareText(a.id, b.id),
  )
  return first ?? null
}

/** How much a policy asks of the pods that it selects. */
function narrowness({ spec }: NetworkPolicy): number {
  return Math.min(...spec.subjects.map(({ pods }) => pods.length))
}

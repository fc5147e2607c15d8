// Did a change touch a policy? A fix goes where somebody is at work already.
import type { Touched } from '../findings/compare.ts'
import { textsOf } from '../kubernetes/origin.ts'
import type { NetworkPolicy } from '../kubernetes/state.ts'

/** 1 where a line of a text that made it changed, else 0: for sorting. */
export function wasTouched({ origin }: NetworkPolicy, touched: Touched): number {
  const among = textsOf(origin).some(({ path, first, last }) =>
    [...(touched.lines.get(path) ?? [])].some((line) => line >= first && line <= last),
  )
  return among ? 1 : 0
}

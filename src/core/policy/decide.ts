// Policies decide in stages: the first rule that matches decides, or passes on to the next stage; what no rule of a
// stage matches is denied there or falls through to the next. Worked out from the last stage to the first, over sets,
// of ports or of peers, and with what is not known told apart: nothing is sure that some answer would have otherwise.
import type { PolicyAction } from '../kubernetes/kinds/policy.ts'
import { grouped } from '../source/grouped.ts'

/** `perhaps` holds `sure`. Where nothing is doubtful, the two are one value. */
export interface Doubtful<S> {
  readonly sure: S
  readonly perhaps: S
}

export interface SetAlgebra<S> {
  readonly none: S
  readonly union: (a: S, b: S) => S
  readonly intersect: (a: S, b: S) => S
  readonly subtract: (a: S, b: S) => S
}

/** A rule: what it matches, and what then becomes of it. */
export interface Step<S> {
  readonly action: PolicyAction
  readonly on: Doubtful<S>
  readonly tie: Tie | null
}

/** Policies of one rank, where nobody knows for each two of them which comes first, and the one that a rule is of. */
export interface Tie {
  readonly among: string
  readonly member: string
  /** The members that surely come before it. */
  readonly after: readonly string[]
}

export interface Stage<S> {
  readonly steps: readonly Step<S>[]
  /** What becomes of what no step matches; `perhaps-denied`: nobody knows whether it is denied or goes on. */
  readonly end: 'denied' | 'perhaps-denied' | 'next'
}

/**
 * What is allowed of `all` whichever of some lists of stages it goes by, and what by one of them: nobody knows by which
 * it does.
 */
export function decideAny<S>(
  worlds: readonly (readonly Stage<S>[])[],
  all: S,
  algebra: SetAlgebra<S>,
): Doubtful<S> {
  return eitherOf(
    worlds.map((stages) => decide(stages, all, algebra)),
    algebra,
  )
}

/** Sure is what all of them allow, perhaps what one does. There must be one. */
export function eitherOf<S>(
  [first, ...others]: readonly Doubtful<S>[],
  { none, union, intersect }: SetAlgebra<S>,
): Doubtful<S> {
  return others.reduce(
    (a, b) => ({ sure: intersect(a.sure, b.sure), perhaps: union(a.perhaps, b.perhaps) }),
    first ?? { sure: none, perhaps: none },
  )
}

/** A rule, with what is in doubt about the peer, or about what the rule lets through, taken for the better. */
export function atBest<S>(step: Step<S>): Step<S> {
  const { sure, perhaps } = step.on
  switch (step.action) {
    case 'allow':
      return { ...step, on: { sure: perhaps, perhaps } }
    case 'deny':
      return { ...step, on: { sure, perhaps: sure } }
    case 'pass':
      return step
  }
}

/** What is allowed of `all`, where everything is that no stage denies. */
export function decide<S>(stages: readonly Stage<S>[], all: S, algebra: SetAlgebra<S>): Doubtful<S> {
  return stages.reduceRight<Doubtful<S>>((next, stage) => decideStage(stage, next, algebra), {
    sure: all,
    perhaps: all,
  })
}

function decideStage<S>({ steps, end }: Stage<S>, next: Doubtful<S>, algebra: SetAlgebra<S>): Doubtful<S> {
  const { none } = algebra
  const rest: Doubtful<S> =
    end === 'next'
      ? next
      : end === 'denied'
        ? { sure: none, perhaps: none }
        : { sure: none, perhaps: next.perhaps }
  if (steps.every(({ tie }) => tie === null)) return decideSteps(steps, rest, next, algebra)
  return runsOf(steps).reduceRight<Doubtful<S>>(
    (after, run) =>
      eitherOf(
        ordersOf(run).map((order) => decideSteps(order, after, next, algebra)),
        algebra,
      ),
    rest,
  )
}

/** Steps of one tie, or of none, that follow each other. */
function runsOf<S>(steps: readonly Step<S>[]): readonly (readonly Step<S>[])[] {
  const runs: Step<S>[][] = []
  for (const step of steps) {
    const run = runs.at(-1)
    if (run?.[0] !== undefined && run[0].tie?.among === step.tie?.among) run.push(step)
    else runs.push([step])
  }
  return runs
}

/**
 * Whichever policy of a tie matches may be the first, unless one that surely comes before it matches, too. All orders
 * together add nothing to a few in which each policy comes once as early as it may.
 */
function ordersOf<S>(run: readonly Step<S>[]): readonly (readonly Step<S>[])[] {
  const byMember = grouped(run, ({ tie }) => tie?.member ?? '')
  const members = [...byMember.keys()]
  const before = new Map(
    [...byMember].map(([member, [step]]) => [
      member,
      members.filter((one) => step?.tie?.after.includes(one)),
    ]),
  )
  const of = (member: string): readonly string[] => before.get(member) ?? []
  const early = new Set<string>()
  return members.flatMap((first): Step<S>[][] => {
    if (early.has(first)) return []
    const order = [...of(first), first]
    for (const member of members) {
      const isNext = of(member).includes(first) && of(member).every((one) => order.includes(one))
      if (isNext) order.push(member)
    }
    for (const [at, member] of order.entries())
      if (order.slice(0, at).every((one) => of(member).includes(one))) early.add(member)
    const rest = members.filter((member) => !order.includes(member))
    return [[...order, ...rest].flatMap((member) => byMember.get(member) ?? [])]
  })
}

function decideSteps<S>(
  steps: readonly Step<S>[],
  rest: Doubtful<S>,
  next: Doubtful<S>,
  { union, intersect, subtract }: SetAlgebra<S>,
): Doubtful<S> {
  return steps.reduceRight<Doubtful<S>>((after, { action, on }) => {
    const exact = on.sure === on.perhaps && after.sure === after.perhaps
    switch (action) {
      case 'allow': {
        const sure = union(on.sure, after.sure)
        return { sure, perhaps: exact ? sure : union(on.perhaps, after.perhaps) }
      }
      case 'deny': {
        const sure = subtract(after.sure, on.perhaps)
        return { sure, perhaps: exact ? sure : subtract(after.perhaps, on.sure) }
      }
      case 'pass': {
        // Surely passed on: the next stage has it. Perhaps: sure is what both ways allow, perhaps what either does.
        const doubtful = subtract(on.perhaps, on.sure)
        const sure = union(
          union(intersect(on.sure, next.sure), intersect(doubtful, intersect(next.sure, after.sure))),
          subtract(after.sure, on.perhaps),
        )
        const perhaps = union(
          union(intersect(on.sure, next.perhaps), intersect(doubtful, union(next.perhaps, after.perhaps))),
          subtract(after.perhaps, on.perhaps),
        )
        return { sure, perhaps: exact && next.sure === next.perhaps ? sure : perhaps }
      }
    }
  }, rest)
}

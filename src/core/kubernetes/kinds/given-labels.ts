// Labels that controllers put on the pods that they make, so that no template shows them, or not which pod has which.
// Sources: kubernetes/kubernetes pkg/controller/statefulset/stateful_set_utils.go, pkg/controller/daemon/util,
// pkg/registry/batch/job/strategy.go (generateSelector), pkg/controller/job/indexed_job_utils.go,
// pkg/controller/cronjob/utils.go, pkg/controller/deployment/sync.go; argoproj/argo-rollouts utils/replicaset;
// openshift/openshift-controller-manager pkg/apps, openkruise/kruise pkg/controller/cloneset.
import { holds, label, weaker } from '../labels.ts'
import type { Labels, Match, Requirement, Selector } from '../labels.ts'

export interface GivenLabel {
  /** Is it there for sure? Some came with a version, or with a setting. */
  readonly always: boolean
  /** How its values begin; what follows differs by pod, or is not known. */
  readonly start: string
  readonly rest: 'nothing' | 'number' | 'hash' | 'anything'
  /** Does a label that the template has itself stay? */
  readonly kept?: true
}

export type GivenLabels = Readonly<Record<string, GivenLabel>>

/** Labels of pods that look alike but for what their controller gives them. */
export interface LabelledPods {
  readonly labels: Labels
  readonly given?: GivenLabels
}

const HASH: GivenLabel = { always: true, start: '', rest: 'hash' }

/** Of the pods of a Deployment. */
export const GIVEN_BY_DEPLOYMENTS: GivenLabels = { 'pod-template-hash': HASH }

/**
 * What pods of a workload of the kind `group/Kind` are given.
 * @param name its own; null where it is not known.
 * @param ownSelector is it a Job that says itself which pods are its own? Nothing tells them by its name then.
 */
export function givenLabels(groupKind: string, name: string | null, ownSelector: boolean): GivenLabels {
  const named = (rest: GivenLabel['rest']): GivenLabel =>
    name === null
      ? { always: true, start: '', rest: 'anything' }
      : { always: true, start: rest === 'nothing' ? name : `${name}-`, rest }
  switch (groupKind) {
    case 'apps/StatefulSet':
    case 'apps.kruise.io/StatefulSet':
      return {
        'statefulset.kubernetes.io/pod-name': named('number'),
        'apps.kubernetes.io/pod-index': { always: false, start: '', rest: 'number' },
        'controller-revision-hash': named('hash'),
      }
    case 'apps/DaemonSet':
    case 'apps.kruise.io/DaemonSet':
      return {
        'controller-revision-hash': HASH,
        'pod-template-generation': { always: false, start: '', rest: 'number' },
      }
    case 'batch/Job':
      return ofJobs(named('nothing'), ownSelector)
    case 'batch/CronJob':
      return ofJobs(named('number'), ownSelector)
    case 'apps/Deployment':
      return GIVEN_BY_DEPLOYMENTS
    case 'apps/ReplicaSet':
      return { 'pod-template-hash': { ...HASH, always: false, kept: true } }
    case 'argoproj.io/Rollout':
      return { 'rollouts-pod-template-hash': HASH }
    case 'apps.openshift.io/DeploymentConfig':
      return { deploymentconfig: named('nothing'), deployment: named('number') }
    case 'apps.kruise.io/CloneSet':
      return {
        'apps.kruise.io/cloneset-instance-id': { ...HASH, rest: 'anything' },
        'controller-revision-hash': named('hash'),
        'pod-template-hash': { ...HASH, always: false },
      }
    default:
      return {}
  }
}

function ofJobs(called: GivenLabel, ownSelector: boolean): GivenLabels {
  const index: GivenLabel = { always: false, start: '', rest: 'number' }
  const named: GivenLabel = { ...called, kept: true }
  const uid: GivenLabel = { always: true, start: '', rest: 'anything', kept: true }
  return {
    'batch.kubernetes.io/job-completion-index': index,
    ...(ownSelector
      ? {}
      : {
          'job-name': named,
          'controller-uid': uid,
          // Since 1.27, beside the older ones.
          'batch.kubernetes.io/job-name': { ...named, always: false },
          'batch.kubernetes.io/controller-uid': { ...uid, always: false },
        }),
  }
}

/** Does a selector match pods? Perhaps, where it depends on what they are given: some of them may be matched then. */
export function matchesPods(selector: Selector, { labels, given }: LabelledPods): Match {
  let result: Match = 'yes'
  for (const requirement of selector) {
    const { key } = requirement
    const value = label(labels, key)
    const gift = given !== undefined && Object.hasOwn(given, key) ? given[key] : undefined
    result = weaker(
      result,
      gift === undefined || (gift.kept === true && value !== undefined)
        ? holds(requirement, value)
          ? 'yes'
          : 'no'
        : fulfils(gift, requirement),
    )
    if (result === 'no') return 'no'
  }
  return result
}

/** Might it depend on what pods are given whether the selector matches them? */
export function asksForGiven(selector: Selector): boolean {
  return selector.some(({ key }) => GIVEN_KEYS.has(key))
}

/** May pods be given a label of this key? */
export function isGiven(key: string): boolean {
  return GIVEN_KEYS.has(key)
}

const GIVEN_KEYS: ReadonlySet<string> = new Set(
  ['StatefulSet', 'DaemonSet', 'Deployment']
    .flatMap((kind) => Object.keys(givenLabels(`apps/${kind}`, null, false)))
    .concat(
      Object.keys(givenLabels('batch/Job', null, false)),
      ['argoproj.io/Rollout', 'apps.openshift.io/DeploymentConfig', 'apps.kruise.io/CloneSet'].flatMap(
        (kind) => Object.keys(givenLabels(kind, null, false)),
      ),
    ),
)

function fulfils(gift: GivenLabel, requirement: Requirement): Match {
  const { always } = gift
  const there: Match = always ? 'yes' : 'maybe'
  switch (requirement.operator) {
    case 'Exists':
      return there
    case 'DoesNotExist':
      return opposite(there)
    case 'In':
      return weaker(isAmong(gift, requirement.values), there)
    case 'NotIn':
      return opposite(weaker(isAmong(gift, requirement.values), there))
    case 'Contains':
    case 'StartsWith':
    case 'EndsWith': {
      const match = weaker(hasText(gift, requirement.operator, requirement.text), there)
      return requirement.negated ? opposite(match) : match
    }
  }
}

function opposite(match: Match): Match {
  return match === 'maybe' ? 'maybe' : match === 'yes' ? 'no' : 'yes'
}

function isAmong(gift: GivenLabel, values: readonly string[]): Match {
  if (!values.some((value) => mayBe(gift, value))) return 'no'
  return gift.rest === 'nothing' ? 'yes' : 'maybe'
}

const RESTS: Readonly<Record<GivenLabel['rest'], RegExp>> = {
  nothing: /^$/,
  number: /^\d+$/,
  hash: /^[a-z0-9]+$/,
  anything: /^/,
}

function mayBe({ start, rest }: GivenLabel, value: string): boolean {
  return value.startsWith(start) && RESTS[rest].test(value.slice(start.length))
}

function hasText(
  { start, rest }: GivenLabel,
  operator: 'Contains' | 'StartsWith' | 'EndsWith',
  text: string,
): Match {
  if (rest === 'nothing') return holds({ key: '', operator, text, negated: false }, start) ? 'yes' : 'no'
  if (operator === 'StartsWith')
    return start.startsWith(text) ? 'yes' : text.startsWith(start) ? 'maybe' : 'no'
  return operator === 'Contains' && start.includes(text) ? 'yes' : 'maybe'
}

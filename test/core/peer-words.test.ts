// What sentences call peers.
import { describe, expect, it } from 'vitest'
import { describePeer, namePeers } from '../../src/core/findings/words.ts'
import type { Requirement } from '../../src/core/kubernetes/labels.ts'

const NAME = 'kubernetes.io/metadata.name'

describe('peers in words', () => {
  // The API server puts the label on each namespace (kubernetes.io/metadata.name, since 1.22).
  it.each<readonly [string, readonly Requirement[]]>([
    ['every pod in every namespace', []],
    ['every pod in every namespace', [{ key: NAME, operator: 'Exists' }]],
    ['every pod in mill', [{ key: NAME, operator: 'In', values: ['mill'] }]],
    ['every pod in namespaces team', [{ key: 'team', operator: 'Exists' }]],
  ])('%s, as a policy writes it', (words, namespaces) => {
    expect(describePeer({ kind: 'pods', pods: [], namespaces }, 'yard')).toBe(words)
  })

  it.each([
    ['every pod in every namespace', `pods(*)@namespaces(${NAME})`],
    ['every pod in every namespace', 'pods(*)@namespaces(*)'],
    ['every pod in mill', `pods(*)@namespaces(${NAME}=mill)`],
    ['every pod in namespaces team', 'pods(*)@namespaces(team)'],
  ])('%s, as a finding has it', (words, peer) => {
    expect(namePeers([peer])).toBe(words)
  })
})

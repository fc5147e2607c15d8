// An edit in place goes to the text that gave the list, wherever that is, and to no text that nobody may edit.
import { describe, expect, it } from 'vitest'
import { policy } from '../cli/manifests.ts'
import { SHOP, layer, plain, plansOf, rendered, write } from './made.ts'

const np = policy('redis', 'shop', 'web', 6379)
const opened = np.replace(
  '        - port: 6379\n',
  '        - port: 6379\n        - port: 15008\n          protocol: TCP\n',
)

describe('an edit in place', () => {
  it('goes to the file of an object that stands as it is', () => {
    expect(write(plain(`${SHOP}---\n${np}`), 'edit')).toEqual({ 'plain.yaml': `${SHOP}---\n${opened}` })
  })

  it('goes to the base, where the list came from there', () => {
    const output = np.replace('name: redis', 'name: prod-redis')
    const made = rendered(output, { sourceName: 'redis', layers: [layer('base/np.yaml', np)] })
    expect(write([...plain(SHOP), made], 'edit')).toEqual({ 'base/np.yaml': opened })
    expect(plansOf([...plain(SHOP), made], 'edit')).toMatchObject([
      {
        strategy: 'edit',
        text: expect.stringMatching(
          /^NetworkPolicy shop\/prod-redis admits pods app=web in shop on 15008\/TCP\./,
        ),
      },
    ])
  })

  it('goes to the patch that had the last word on the list', () => {
    const patch = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: redis
spec:
  ingress:
    - from:
        - podSelector: {matchLabels: {app: web}}
      ports:
        - port: 6379
`
    const base = np.replace('6379', '1')
    const made = rendered(np, {
      layers: [layer('overlays/prod/np-patch.yaml', patch), layer('base/np.yaml', base)],
    })
    expect(write([...plain(SHOP), made], 'edit')).toEqual({
      'overlays/prod/np-patch.yaml': `${patch}        - port: 15008\n          protocol: TCP\n`,
    })
  })

  it('goes below the route at which a text holds the object', () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- ${np.trimEnd().replaceAll('\n', '\n  ')}\n`
    const { value } = layer('list.yaml', text)
    const item = (value as { readonly items: readonly unknown[] }).items[0]
    const made = rendered(np, { layers: [layer('list.yaml', text, { route: ['items', 0], value: item })] })
    expect(write([...plain(SHOP), made], 'edit')).toEqual({
      'list.yaml': `${text}          - port: 15008\n            protocol: TCP\n`,
    })
  })

  it('has no place in a template, nor behind a last word that is no text of ours', () => {
    const template = layer('charts/redis/templates/np.yaml', np, { editable: false })
    const made = rendered(np, { layers: [template, layer('base/np.yaml', np)] })
    expect(plansOf([...plain(SHOP), made], 'edit')).toEqual([])
    expect(plansOf([...plain(SHOP), rendered(np, {})], 'edit')).toEqual([])
  })

  it('makes a list that is absent in the text that gave the rest', () => {
    const closed = np.slice(0, np.indexOf('  ingress:'))
    const probed = SHOP.replace(
      '          image: example\n',
      `$&          readinessProbe: {httpGet: {port: 6379, path: /}}\n`,
    )
    const made = rendered(closed, { layers: [layer('base/np.yaml', closed)] })
    expect(write([...plain(probed), made], 'edit')).toEqual({
      'base/np.yaml': `${closed}  ingress:\n  - from:\n    - ipBlock:\n        cidr: 169.254.7.127/32\n`,
    })
  })

  it('goes to the base whose selectors got more labels on the way', () => {
    const probed = SHOP.replace(
      '          image: example\n',
      `$&          readinessProbe: {httpGet: {port: 6379, path: /}}\n`,
    )
      .replaceAll('app: redis', 'app: redis, team: a')
      .replaceAll('app: web', 'app: web, team: a')
    const output = np.replaceAll(/( +)app: (redis|web)\n/g, '$&$1team: a\n')
    const made = rendered(output, { layers: [layer('base/np.yaml', np)] })
    const [probes] = plansOf([...plain(probed), made], 'edit').filter(({ text }) => text.includes('probes'))
    expect(probes?.changes).toMatchObject([
      { kind: 'append', file: { path: 'base/np.yaml' }, patch: { route: ['spec', 'ingress'] } },
    ])
  })
})

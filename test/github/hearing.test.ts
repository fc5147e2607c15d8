// The door and the commands: what is an event, what is a command, and what is neither.
import { describe, expect, it } from 'vitest'
import { parseComment } from '../../src/github/commands/parse.ts'
import { COMMANDS } from '../../src/github/commands/table.ts'
import { understand } from '../../src/github/intake.ts'

const AT = {
  repository: { name: 'platform', owner: { login: 'acme' } },
  installation: { id: 7 },
  sender: { id: 3, login: 'dana', type: 'User' },
}
const SUBJECT = { repository: { owner: 'acme', name: 'platform' }, installation: 7 }

const FIXABLE = 'rule, fingerprint or commit'

describe('webhooks', () => {
  it.each(['opened', 'synchronize', 'reopened', 'ready_for_review'])('pull_request.%s', (action) => {
    const expected = { kind: 'pull-request-changed', ...SUBJECT, number: 1, why: action }
    expect(understand('pull_request', { ...AT, action, number: 1 })).toEqual(expected)
  })

  it('pull_request.edited only where the base changed', () => {
    const edited = { ...AT, action: 'edited', number: 1 }
    expect(understand('pull_request', { ...edited, changes: { title: { from: 'x' } } })).toBeNull()
    expect(
      understand('pull_request', { ...edited, changes: { base: { ref: { from: 'x' } } } }),
    ).toMatchObject({ why: 'retargeted' })
    expect(understand('pull_request', { ...AT, action: 'labeled', number: 1 })).toBeNull()
  })

  const comment = {
    ...AT,
    action: 'created',
    issue: { number: 1, pull_request: {} },
    comment: {
      id: 5,
      created_at: '2027-01-31T12:00:00Z',
      body: '/ambient-help',
      user: { id: 3, login: 'dana', type: 'User' },
    },
  }

  it('a comment on a pull request, not on an issue, not edited', () => {
    expect(understand('issue_comment', comment)).toMatchObject({
      kind: 'command-given',
      commentId: 5,
      authorIsBot: false,
    })
    expect(understand('issue_comment', { ...comment, issue: { number: 1 } })).toBeNull()
    expect(understand('issue_comment', { ...comment, action: 'edited' })).toBeNull()
  })

  it('bots are known by type and by name', () => {
    const bot = (user: object): object => ({ ...comment, comment: { ...comment.comment, user } })
    expect(understand('issue_comment', bot({ id: 9, login: 'x', type: 'Bot' }))).toMatchObject({
      authorIsBot: true,
    })
    expect(understand('issue_comment', bot({ id: 9, login: 'x[bot]', type: 'User' }))).toMatchObject({
      authorIsBot: true,
    })
  })

  it('a check run knows its pull request from external_id alone', () => {
    const run = { name: 'ambient-guard', head_sha: 'abc', external_id: '12', pull_requests: [{ number: 99 }] }
    const press = {
      ...AT,
      action: 'requested_action',
      check_run: run,
      requested_action: { identifier: 'ambient-fix' },
    }
    expect(understand('check_run', press)).toMatchObject({
      kind: 'button-pressed',
      number: 12,
      headSha: 'abc',
      identifier: 'ambient-fix',
    })
    expect(understand('check_run', { ...press, check_run: { ...run, external_id: '' } })).toBeNull()
    expect(understand('check_run', { ...press, check_run: { ...run, name: 'other' } })).toBeNull()
    expect(understand('check_run', { ...press, action: 'rerequested' })).toMatchObject({
      kind: 'check-rerequested',
      number: 12,
    })
    expect(understand('check_run', { ...press, action: 'completed' })).toBeNull()
  })

  it('a payload without an installation is nothing', () => {
    expect(
      understand('pull_request', { ...AT, installation: undefined, action: 'opened', number: 1 }),
    ).toBeNull()
    expect(understand('push', AT)).toBeNull()
  })
})

describe('commands', () => {
  it.each([
    ['/ambient-fix', { name: 'ambient-fix', selection: { by: 'all' } }],
    ['Thanks.\r\n/ambient-fix  \r\nBye.', { name: 'ambient-fix', selection: { by: 'all' } }],
    ['/ambient-fix kubelet-probe', { name: 'ambient-fix', selection: { by: 'rule', rule: 'kubelet-probe' } }],
    [
      '/ambient-fix f-0123456789',
      { name: 'ambient-fix', selection: { by: 'fingerprint', fingerprint: 'f-0123456789' } },
    ],
    ['/ambient-fix ABCDEF1', { name: 'ambient-fix', selection: { by: 'sha', sha: 'abcdef1' } }],
    ['/ambient-recheck', { name: 'ambient-recheck' }],
    ['   /ambient-help', { name: 'ambient-help' }],
    ['> quoted\n\n/ambient-help', { name: 'ambient-help' }],
    ['```\ncode\n```\n/ambient-help', { name: 'ambient-help' }],
    ['<!-- hidden --> \n/ambient-help', { name: 'ambient-help' }],
    ['- one\n- two\n\n/ambient-help', { name: 'ambient-help' }],
    ['<pre>\ncode\n</pre>\n/ambient-help', { name: 'ambient-help' }],
    ['See <preview>.\n/ambient-help', { name: 'ambient-help' }],
  ])('%j', (body, command) => {
    expect(parseComment(body)).toEqual({ ok: true, command })
  })

  it.each([
    '',
    'please /ambient-fix',
    '`/ambient-fix`',
    '> /ambient-fix',
    '> On Monday somebody wrote:\n/ambient-fix',
    '> > /ambient-fix',
    '    /ambient-fix',
    '\t/ambient-fix',
    '```\n/ambient-fix\n```',
    '````\n```\n/ambient-fix\n````',
    '~~~yaml\n/ambient-fix',
    '```\n/ambient-fix\n``` not the end\n/ambient-fix',
    '- ```\n  /ambient-fix\n  ```',
    '1. - ```\n     /ambient-fix',
    '- > On Monday somebody wrote:\n/ambient-fix',
    '<pre>\n/ambient-fix\n</pre>',
    '<pre>\n\n/ambient-fix',
    '<!-- /ambient-fix -->',
    '<!--\n/ambient-fix\n-->',
    '<!-- never closed\n/ambient-fix',
    '/other-fix',
    '/ ambient-fix',
  ])('%j is no command', (body) => {
    expect(parseComment(body)).toBeNull()
  })

  it.each([
    ['/ambient-fixes', { given: '/ambient-fixes', wrong: 'name', wants: '', didYouMean: '/ambient-fix' }],
    ['/ambient-xyzzyxyzzy', { given: '/ambient-xyzzyxyzzy', wrong: 'name', wants: '', didYouMean: null }],
    [
      '/ambient-fix kubelet-prob',
      { given: 'kubelet-prob', wrong: 'argument', wants: FIXABLE, didYouMean: 'kubelet-probe' },
    ],
    ['/ambient-fix f-012', { given: 'f-012', wrong: 'argument', wants: FIXABLE, didYouMean: null }],
    ['/ambient-fix a b', { given: '/ambient-fix a b', wrong: 'arguments', wants: FIXABLE, didYouMean: null }],
    [
      '/ambient-explain',
      { given: '/ambient-explain', wrong: 'missing', wants: 'fingerprint', didYouMean: null },
    ],
    [
      '/ambient-explain hbone-ingress',
      { given: 'hbone-ingress', wrong: 'argument', wants: 'fingerprint', didYouMean: null },
    ],
    [
      '/ambient-recheck now',
      { given: '/ambient-recheck now', wrong: 'arguments', wants: '', didYouMean: null },
    ],
  ])('%j is a mistake', (body, mistake) => {
    expect(parseComment(body)).toEqual({ ok: false, mistake })
  })

  it('a finding to explain is named by its fingerprint', () => {
    expect(parseComment('/ambient-explain f-0123456789')).toEqual({
      ok: true,
      command: { name: 'ambient-explain', fingerprint: 'f-0123456789' },
    })
  })

  it('every command of the table is understood', () => {
    for (const { name, takes } of COMMANDS) {
      const words = takes === '<fingerprint>' ? ' f-0123456789' : ''
      expect(parseComment(`/${name}${words}`)).toMatchObject({ ok: true, command: { name } })
    }
  })
})

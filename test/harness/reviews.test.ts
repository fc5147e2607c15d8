import { expect, test } from 'vitest'
import { lines, refusal, scene } from './support.ts'

const NOT_IN_DIFF = 'Pull request review thread line must be part of the diff'

const BAD_ANCHORS = [
  ['beyond the context', { line: 24 }, NOT_IN_DIFF],
  ['a deleted line on the right', { line: 16 }, NOT_IN_DIFF],
  ['an added line on the left', { line: 34, side: 'LEFT' }, NOT_IN_DIFF],
  ['a path that is not in the diff', { path: 'b.yaml', line: 1 }, 'Path could not be resolved'],
  ['a path that is nowhere', { path: 'nope.yaml', line: 1 }, 'Path could not be resolved'],
  ['no line', {}, "Pull request review thread diff hunk can't be blank"],
  [
    'start after the end',
    { line: 20, start_line: 21 },
    'Pull request review thread start line must precede the end line.',
  ],
  [
    'start at the end',
    { line: 20, start_line: 20 },
    'Pull request review thread start line must precede the end line.',
  ],
  [
    'two hunks',
    { line: 28, start_line: 20 },
    'Pull request review thread start line must be part of the same hunk as the line.',
  ],
  [
    'a start outside',
    { line: 20, start_line: 10 },
    'Pull request review thread start line must be part of the diff',
  ],
  ['a side that is none', { line: 20, side: 'MIDDLE' }, 'Side MIDDLE is not one of LEFT, RIGHT'],
] as const

test('comments sit on lines that a hunk shows, context included', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    const { status, data } = await octokit.rest.pulls.createReview({
      ...of,
      commit_id: pull.head,
      event: 'COMMENT',
      body: 'summary',
      comments: [
        { path: 'a.yaml', line: 20, side: 'RIGHT', body: 'changed' },
        { path: 'a.yaml', start_line: 17, start_side: 'RIGHT', line: 23, side: 'RIGHT', body: 'range' },
        { path: 'a.yaml', line: 30, side: 'LEFT', body: 'deleted' },
      ],
    })
    expect([status, data.state]).toEqual([200, 'COMMENTED'])
    expect(
      pull.review.comments.map(({ path, line, startLine, side }) => [path, line, startLine, side]),
    ).toEqual([
      ['a.yaml', 20, null, 'RIGHT'],
      ['a.yaml', 23, 17, 'RIGHT'],
      ['a.yaml', 30, null, 'LEFT'],
    ])
    expect(pull.review).toMatchObject({ author: 'ambient-guard[bot]', body: 'summary', commit: pull.head })
    github.assertClean()
  })
})

test('one bad anchor spoils the review', async () => {
  await scene(async ({ octokit, pull, of }) => {
    for (const [name, anchor, message] of BAD_ANCHORS) {
      const bad = { path: 'a.yaml', body: 'bad', ...anchor }
      const comments = [{ path: 'a.yaml', line: 20, body: 'good' }, bad]
      const refused = await refusal(
        octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', body: 'x', comments }),
      )
      expect(refused, name).toMatchObject({ status: 422, errors: [message] })
      const single = { ...of, commit_id: pull.head, ...bad }
      const status = (await refusal(octokit.rest.pulls.createReviewComment(single as never))).status
      expect(status, name).toBe(422)
    }
    expect([pull.reviews, pull.reviewComments]).toEqual([[], []])
  })
})

test('a body must say something, and not too much', async () => {
  await scene(async ({ octokit, at, of }) => {
    const review = (input: object) => octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', ...input })
    expect(await refusal(review({ body: '' }))).toMatchObject({
      status: 422,
      errors: ["Body can't be blank"],
    })
    expect(await refusal(review({}))).toMatchObject({ status: 422 })
    const long = 'x'.repeat(65_537)
    expect(await refusal(review({ body: long }))).toMatchObject({ status: 422 })
    const comments = [{ path: 'a.yaml', line: 20, body: long }]
    expect(await refusal(review({ body: 'x', comments }))).toMatchObject({ status: 422 })
    const comment = (body: string) => octokit.rest.issues.createComment({ ...at, issue_number: 1, body })
    expect(await refusal(comment(long))).toMatchObject({ status: 422 })
    expect(await refusal(comment(' '))).toMatchObject({ status: 422 })
    expect((await comment('x'.repeat(65_536))).status).toBe(201)
  })
})

test('without an event a review is pending, and there is one at a time', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    const comments = [{ path: 'a.yaml', line: 20, body: 'x' }]
    const { data } = await octokit.rest.pulls.createReview({ ...of, comments })
    expect([data.state, pull.reviews.length, pull.pendingReviews.length, pull.reviewComments.length]).toEqual(
      ['PENDING', 0, 1, 0],
    )
    const another = octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', body: 'x' })
    expect(await refusal(another)).toMatchObject({
      status: 422,
      errors: ['User can only have one pending review per pull request'],
    })
    await octokit.rest.pulls.deletePendingReview({ ...of, review_id: data.id })
    const submitted = await octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', body: 'x' })
    const gone = octokit.rest.pulls.deletePendingReview({ ...of, review_id: submitted.data.id })
    expect(await refusal(gone)).toMatchObject({ status: 422 })
    expect((await octokit.rest.pulls.listReviews(of)).data).toHaveLength(1)
    github.assertClean()
  })
})

test('after a push comments follow their line, or are outdated', async () => {
  await scene(async ({ github, octokit, pull, of }) => {
    const comments = [
      { path: 'a.yaml', line: 20, body: 'first' },
      { path: 'a.yaml', line: 31, body: 'second' },
    ]
    await octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', body: 'x', comments })
    await pull.pushes({ 'a.yaml': `new\n${lines({ 20: 'changed again', 30: null })}` })
    expect(pull.reviewComments.map(({ line, outdated }) => [line, outdated])).toEqual([
      [null, true],
      [32, false],
    ])
    const { data } = await octokit.rest.pulls.listReviewComments(of)
    expect(
      data.map(({ line, original_line, position }) => [line ?? null, original_line, position ?? null]),
    ).toEqual([
      [null, 20, null],
      [32, 31, expect.any(Number)],
    ])
    github.assertClean()
  })
})

test('a comment on a commit that was pushed away is refused', async () => {
  await scene(async ({ octokit, pull, of }) => {
    const before = pull.head
    await pull.forcePushes({ 'a.yaml': lines({ 20: 'other' }) })
    const review = { ...of, commit_id: before, event: 'COMMENT', body: 'x' } as const
    expect(await refusal(octokit.rest.pulls.createReview(review))).toMatchObject({
      status: 422,
      errors: ['Start commit oid is not part of the pull request'],
    })
  })
})

test('threads: replies, files, edits, deletions and reactions', async () => {
  await scene(async ({ github, octokit, pull, at, of }) => {
    const on = { ...of, commit_id: pull.head, path: 'a.yaml' }
    const { data: first } = await octokit.rest.pulls.createReviewComment({ ...on, line: 20, body: 'x' })
    await octokit.rest.pulls.createReviewComment({ ...on, subject_type: 'file', body: 'file' } as never)
    await octokit.rest.pulls.createReplyForReviewComment({ ...of, comment_id: first.id, body: 'more' })
    await pull.replies(first.id, 'I disagree', { by: 'maintainer' })
    expect(pull.reviewComments.map(({ author, inReplyTo }) => [author, inReplyTo])).toEqual([
      ['ambient-guard[bot]', null],
      ['ambient-guard[bot]', null],
      ['ambient-guard[bot]', first.id],
      ['maintainer', first.id],
    ])
    const react = () =>
      octokit.rest.reactions.createForPullRequestReviewComment({
        ...at,
        comment_id: first.id,
        content: 'eyes',
      })
    expect([(await react()).status, (await react()).status]).toEqual([201, 200])
    expect(pull.reactions(first.id)).toEqual([{ user: 'ambient-guard[bot]', content: 'eyes' }])
    await octokit.rest.pulls.updateReviewComment({ ...at, comment_id: first.id, body: 'edited' })
    expect(pull.reviewComments[0]?.body).toBe('edited')
    const foreign = pull.reviewComments[3]?.id ?? 0
    expect(
      await refusal(octokit.rest.pulls.deleteReviewComment({ ...at, comment_id: foreign })),
    ).toMatchObject({ status: 403 })
    await octokit.rest.pulls.deleteReviewComment({ ...at, comment_id: first.id })
    expect(pull.reviewComments).toHaveLength(3)
    github.assertClean()
  })
})

test('the conversation: comments, edits, reactions, and silence when locked', async () => {
  await scene(async ({ github, octokit, pull, at, of }) => {
    const { commentId } = await pull.comment('/ambient-fix', { by: 'maintainer' })
    const react = () =>
      octokit.rest.reactions.createForIssueComment({ ...at, comment_id: commentId, content: 'rocket' })
    expect([(await react()).status, (await react()).status]).toEqual([201, 200])
    const { data } = await octokit.rest.issues.createComment({ ...at, issue_number: 1, body: 'done' })
    expect(data.performed_via_github_app?.slug).toBe('ambient-guard')
    await octokit.rest.issues.updateComment({ ...at, comment_id: data.id, body: 'really done' })
    const edit = octokit.rest.issues.updateComment({ ...at, comment_id: commentId, body: 'hijacked' })
    expect(await refusal(edit)).toMatchObject({ status: 403 })
    expect(pull.conversation.map(({ author, body, reactions }) => [author, body, reactions.length])).toEqual([
      ['maintainer', '/ambient-fix', 1],
      ['ambient-guard[bot]', 'really done', 0],
    ])
    pull.locks()
    const locked = octokit.rest.issues.createComment({ ...at, issue_number: 1, body: 'x' })
    expect(await refusal(locked)).toMatchObject({ status: 403 })
    const review = octokit.rest.pulls.createReview({ ...of, event: 'COMMENT', body: 'x' })
    expect(await refusal(review)).toMatchObject({ status: 403 })
    github.assertClean()
  })
})

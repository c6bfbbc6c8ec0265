// Exceptions and approvals: asked for and decided by commands beside a running server, in effect within a second, told
// in the ledger.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Reeve } from '../upstream/reeve_process.mjs'

const kConfig = `
providers:
  - {name: practice, dialect: practice}
models:
  - {name: practice-large, provider: practice, tier: frontier}
  - {name: practice-small, provider: practice, tier: small}
`
const kRules = `kind: Policy
name: everyone
owner: tests
on: model.call
effect: allow
---
kind: Policy
name: contractors-use-small-models
owner: tests
on: model.call
match: {groups: [contractors]}
when: model.tier == "frontier"
effect: deny
message: Contractors may use small models only.
---
kind: Policy
name: trainees-need-an-approval
owner: tests
on: model.call
match: {groups: [trainees]}
effect: require
approval: {by: [leads], within: 24h}
message: A lead has to approve it.
`
const kApprovals = `kind: ApprovalPolicy
name: leads
reviewers: {groups: [leads]}
up_to: $500
second_person_over: $100
longest: 14d
renewals: 1
`
const kBudget = `kind: Budget
name: people-month
each: [person]
window: month
limit: {money: $20}
`
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const reeve = new Reeve({
  config: kConfig,
  governance: { 'rules.yaml': kRules, 'approvals.yaml': kApprovals, 'budget.yaml': kBudget },
})
after(() => reeve.end())

const exception = async (...args) => JSON.parse(await reeve.command('exception', ...args, '--json'))
// The exit code and the message of a command that has to fail.
async function failed(...args) {
  const error = await reeve.command('exception', ...args, '--json').then(
    (out) => assert.fail(`it did not fail: ${out}`),
    (thrown) => thrown,
  )
  return { code: error.code, message: JSON.parse(error.stdout).error.message }
}
async function refusedAs(code, says, ...args) {
  const answer = await failed(...args)
  assert.equal(answer.code, code, answer.message)
  assert.match(answer.message, says)
}
async function call(key, model = 'practice-large') {
  const answer = await fetch(`http://127.0.0.1:${reeve.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello.' }] }),
  })
  return { status: answer.status, body: await answer.text() }
}
// How long it takes until a call has this status.
async function untilStatus(key, status) {
  const began = Date.now()
  for (;;) {
    const answer = await call(key)
    if (answer.status === status) return Date.now() - began
    assert.ok(Date.now() - began < 20_000, `still ${answer.status}: ${answer.body}`)
    await sleep(20)
  }
}
async function entriesOf(id, expected) {
  let found = []
  for (let i = 0; i < 150 && found.length < expected; i++) {
    found = (await reeve.entries()).filter(({ kind, detail }) => kind.startsWith('exception.') && detail.id === id)
    if (found.length < expected) await sleep(100)
  }
  return found
}
function explain(facts) {
  const file = path.join(reeve.folder, 'facts.json')
  fs.writeFileSync(file, JSON.stringify(facts))
  const told = reeve.command('policy', 'explain', '--input', file, '--json')
  return told.then(JSON.parse, (error) => JSON.parse(error.stdout))
}
const ruleUntil = (until, ...more) => [
  'request', '--rule', 'contractors-use-small-models', '--until', until, '--reason', 'the migration', ...more,
]
const rule = (...more) => ruleUntil('7d', ...more)
const contractorFacts = {
  principal: { id: 'contractor@example.com', groups: ['contractors'] },
  model: { name: 'practice-large', tier: 'frontier' },
  now: new Date().toISOString(),
}

let contractor, trainee
before(async () => {
  contractor = (await reeve.createKey('contractor@example.com', '--group', 'contractors')).secret
  trainee = (await reeve.createKey('trainee@example.com', '--group', 'trainees')).secret
  await reeve.createKey('lead@example.com', '--group', 'leads')
  await reeve.createKey('second@example.com', '--group', 'leads')
  await reeve.createKey('both@example.com', '--group', 'leads', '--group', 'contractors')
  await reeve.start()
})

describe('an exception to a rule', () => {
  let asked

  test('is asked for, and does nothing yet', async () => {
    asked = await exception(...rule('--by', 'contractor@example.com', '--work-item', 'PAY-142'))
    assert.equal(asked.state, 'requested')
    assert.match(asked.digest, /^sha256:[0-9a-f]{64}$/)
    assert.deepEqual(asked.request.asked.scope, { people: ['contractor@example.com'] })
    assert.equal((await call(contractor)).status, 400)
    assert.equal((await explain(contractorFacts)).effect, 'deny')
    const open = await exception('list', '--open')
    assert.deepEqual(open.map(({ id }) => id), [asked.id])
  })

  test('is not approved by who asked, by strangers, or for another digest', async () => {
    await refusedAs(1, /their own/, 'approve', asked.id, '--by', 'contractor@example.com')
    await refusedAs(1, /for others to decide/, 'approve', asked.id, '--by', 'stranger@example.com')
    const other = ['--digest', 'sha256:0000000']
    await refusedAs(1, /look at it again/, 'approve', asked.id, '--by', 'lead@example.com', ...other)
    await refusedAs(1, /there is no exception/, 'approve', 'ex-none', '--by', 'lead@example.com')
    assert.equal((await exception('show', asked.id)).state, 'requested')
  })

  test('holds within a second after somebody else approved it, also in what explain says', async () => {
    const { digest } = asked
    const condition = ['--condition', 'sessions are read']
    const args = ['approve', asked.id, '--by', 'lead@example.com', '--digest', digest, ...condition]
    const approved = JSON.parse(await reeve.command(...args, '--json'))
    assert.equal(approved.state, 'approved_with_conditions')
    assert.equal(approved.in_effect, true)
    const took = await untilStatus(contractor, 200)
    console.log(`in effect after ${took} ms`)
    const told = await explain(contractorFacts)
    assert.equal(told.effect, 'allow')
    assert.ok(JSON.stringify(told).includes(asked.id))
  })

  test('is in the ledger, step by step', async () => {
    const entries = await entriesOf(asked.id, 2)
    assert.deepEqual(entries.map(({ kind }) => kind), ['exception.requested', 'exception.approved'])
    const [requested, approved] = entries.map(({ detail }) => detail)
    assert.equal(requested.by, 'contractor@example.com')
    assert.equal(requested.asked.work_item, 'PAY-142')
    assert.equal(approved.digest, asked.digest)
    assert.deepEqual(approved.review.conditions, ['sessions are read'])
    assert.equal(approved.review.by, 'lead@example.com')
    const used = (await reeve.entries()).filter(({ decision }) => decision?.exceptions?.includes(asked.id))
    assert.ok(used.length > 0, 'decisions say which exception they used')
  })

  test('ends when it is taken back, also while the rules have a mistake', async () => {
    const mistake = path.join(reeve.folder, 'governance', 'mistake.yaml')
    fs.writeFileSync(mistake, 'kind: Policy\nname: mistake\n')
    await exception('withdraw', asked.id, '--by', 'contractor@example.com', '--reason', 'done')
    await untilStatus(contractor, 400)
    fs.rmSync(mistake)
    assert.equal((await exception('show', asked.id)).state, 'withdrawn')
  })

  test('ends by itself at its time, and the ledger is told', async () => {
    const short = await exception(...ruleUntil('8s', '--by', 'contractor@example.com'))
    await exception('approve', short.id, '--by', 'lead@example.com')
    await untilStatus(contractor, 200)
    await sleep(new Date(short.ends) - Date.now() + 20)
    assert.equal((await call(contractor)).status, 400)
    const entries = await entriesOf(short.id, 3)
    assert.equal(entries.at(-1).kind, 'exception.expired')
    assert.equal((await exception('show', short.id)).state, 'expired')
  })

  test('is not approved by somebody of the group that it lets off', async () => {
    const group = await exception(...rule('--by', 'contractor@example.com', '--scope', 'groups=contractors'))
    await refusedAs(1, /you are or belong to/, 'approve', group.id, '--by', 'both@example.com')
    await exception('deny', group.id, '--by', 'lead@example.com', '--reason', 'not for all')
    assert.equal((await exception('show', group.id)).state, 'denied')
  })

  test('makes sense, or is refused when it is asked', async () => {
    const by = ['--by', 'contractor@example.com']
    await refusedAs(2, /no-such-rule/, 'request', '--rule', 'no-such-rule', '--until', '7d', '--reason', 'x', ...by)
    await refusedAs(2, /person/, ...rule('--scope', 'person=x', ...by))
    await refusedAs(2, /reason/, 'request', '--rule', 'contractors-use-small-models', '--until', '7d', ...by)
    await refusedAs(2, /one thing/, 'request', '--until', '7d', '--reason', 'x', ...by)
    await refusedAs(1, /nobody may approve/, ...ruleUntil('60d', ...by))
  })
})

describe('more of a budget', () => {
  const budget = (...more) => [
    'request', '--budget', 'people-month', '--until', '7d', '--reason', 'the migration',
    '--by', 'dev@example.com', ...more,
  ]

  test('takes a second person over the threshold, and a changed request is approved anew', async () => {
    const asked = await exception(...budget('--add', '$150'))
    assert.deepEqual(asked.request.asked.scope, { person: ['dev@example.com'] })
    const first = await exception('approve', asked.id, '--by', 'lead@example.com')
    assert.deepEqual([first.state, first.allowance], ['requested', undefined])
    await refusedAs(1, /second person/, 'approve', asked.id, '--by', 'LEAD@example.com')
    const changed = await exception('change', asked.id, '--add', '$200', '--by', 'dev@example.com')
    assert.notEqual(changed.digest, asked.digest)
    assert.deepEqual(changed.request.reviews, [])
    await exception('approve', asked.id, '--by', 'lead@example.com')
    const both = await exception('approve', asked.id, '--by', 'second@example.com', '--until', '2d')
    assert.equal(both.state, 'approved')
    const [listed] = (await exception('list')).filter(({ id }) => id === asked.id)
    assert.deepEqual(
      { ...listed.allowance, from: undefined, until: undefined },
      {
        budget: 'people-month', extra_nanos: 200e9, extra_requests: 0, extra_tokens: 0,
        scope: { person: 'dev@example.com' }, from: undefined, until: undefined,
      },
    )
    assert.equal(listed.allowance.until, listed.ends)
    assert.deepEqual(
      (await entriesOf(asked.id, 5)).map(({ kind }) => kind),
      ['requested', 'approved', 'changed', 'approved', 'approved'].map((step) => `exception.${step}`),
    )
  })

  test('is renewed as often as the policy says', async () => {
    const first = await exception(...budget('--add', '$10'))
    await exception('approve', first.id, '--by', 'lead@example.com')
    const second = await exception('renew', first.id, '--until', '7d', '--by', 'dev@example.com')
    assert.equal(second.request.asked.from, first.ends)
    await refusedAs(1, /asked already/, 'renew', first.id, '--until', '7d', '--by', 'dev@example.com')
    await exception('approve', second.id, '--by', 'lead@example.com')
    assert.equal((await exception('show', first.id)).state, 'renewed')
    assert.equal((await exception('show', first.id)).in_effect, true)
    await refusedAs(1, /1 renewals/, 'renew', second.id, '--until', '7d', '--by', 'dev@example.com')
  })

  test('is for a budget that there is, and within what somebody may approve', async () => {
    const why = ['--until', '7d', '--reason', 'x', '--by', 'd@example.com']
    const args = (name, add) => ['request', '--budget', name, '--add', add, ...why]
    await refusedAs(2, /no budget/, ...args('other', '$5'))
    await refusedAs(1, /up to \$500/, ...args('people-month', '$501'))
    await refusedAs(2, /no counter for each team/, ...args('people-month', '$5'), '--scope', 'team=payments')
  })
})

test('an approval that a rule requires is given ahead, for one person', async () => {
  assert.equal((await call(trainee)).status, 400)
  const asked = await exception(
    'request', '--approval', 'trainees-need-an-approval', '--until', '2d', '--reason', 'first week',
    '--by', 'lead@example.com', '--for', 'trainee@example.com',
  )
  await refusedAs(1, /asked for you/, 'approve', asked.id, '--by', 'trainee@example.com')
  await refusedAs(1, /their own/, 'approve', asked.id, '--by', 'lead@example.com')
  await exception('approve', asked.id, '--by', 'second@example.com')
  await untilStatus(trainee, 200)
  const recorded = (await reeve.entries()).filter(({ decision }) => decision?.approvals?.length)
  assert.deepEqual(recorded.at(-1).decision.approvals[0].by, 'second@example.com')
  const replay = reeve.command('policy', 'replay', '--recorded', '--json')
  const replayed = JSON.parse(await replay.catch((error) => error.stdout))
  assert.deepEqual([replayed.differing, replayed.inputs_differing], [0, 0], JSON.stringify(replayed))
  await exception('withdraw', asked.id, '--by', 'second@example.com', '--reason', 'week is over')
  await untilStatus(trainee, 400)
})

test('what is asked while no server runs is told and in effect at the next start', async () => {
  assert.equal(await reeve.stop(), 0)
  const asked = await exception(...rule('--by', 'contractor@example.com'))
  await exception('approve', asked.id, '--by', 'lead@example.com')
  await reeve.start()
  assert.equal((await call(contractor)).status, 200)
  assert.equal((await entriesOf(asked.id, 2)).length, 2)
})

test('an exception whose rule is gone does not keep the other rules from holding', async () => {
  const renamed = kRules.replace('contractors-use', 'outsiders-use')
  fs.writeFileSync(path.join(reeve.folder, 'governance', 'rules.yaml'), renamed)
  await untilStatus(contractor, 400)
  assert.match(reeve.log(), /it has no effect/)
})

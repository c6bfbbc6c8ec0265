// Named checks: what a command reports holds for the very next call of a running server, and reaches the ledger.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'

const kConfig = `
providers:
  - {name: practice, dialect: practice}
models:
  - {name: practice-large, provider: practice, tier: frontier}
  - {name: practice-small, provider: practice, tier: small}
`
const kGovernance = {
  'everyone.yaml': 'kind: Policy\nname: everyone\nowner: tests\non: model.call\neffect: allow\n',
  'contractors.yaml': `kind: Policy
name: contractors-use-small-models
owner: tests
on: model.call
match: {groups: [contractors]}
when: model.tier == "frontier"
effect: deny
message: Contractors may use small models only.
`,
  'exception.yaml': `kind: Exception
name: frontier-for-the-migration
rules: [contractors-use-small-models]
match: {people: [contractor@example.com]}
reason: The migration needs the long context.
requested_by: contractor@example.com
approved_by: lead@example.com
ends: 2100-01-01
compensating_check: sessions-audited
`,
  'required.yaml': `kind: Policy
name: employees-need-the-scan
owner: tests
on: model.call
match: {groups: [employees]}
effect: require
check: dependencies-scanned
message: The dependency scan must be clean.
`,
}
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const reeve = new Reeve({ config: kConfig, governance: kGovernance })
after(() => {
  reeve.process?.kill('SIGKILL')
  reeve.remove()
})

const report = (...args) => reeve.command('policy', 'check-state', 'set', ...args)
const listed = async () => JSON.parse(await reeve.command('policy', 'check-state', 'list', '--json'))

async function call(key, model = 'practice-large') {
  const answer = await fetch(`http://127.0.0.1:${reeve.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello.' }] }),
  })
  return { status: answer.status, rule: answer.headers.get('x-reeve-rule'), body: await answer.text() }
}
const refusedAs = (rule) => (answer) => {
  assert.deepEqual([answer.status, answer.rule], [400, rule], answer.body)
}
const refused = refusedAs('contractors-use-small-models')
const allowed = (answer) => assert.equal(answer.status, 200, answer.body)

// The decisions so far: the exception that lifted a rule, and the one that would have, had it not ended.
async function decisions() {
  const entries = await reeve.entries()
  const decided = entries.filter(({ kind, outcome }) => kind === 'model.intent' || outcome?.status === 'refused')
  return decided.map(({ decision }) => [...(decision.exceptions ?? []), ...(decision.ended ?? [])].join(', '))
}
async function reports() {
  return (await reeve.entries()).filter(({ kind }) => kind === 'check.reported').map(({ detail }) => detail)
}
// What `read` finds in the ledger once it has so many: the server looks for reports every second, and an entry shows
// when a checkpoint is signed over it.
async function settled(read, expected) {
  for (let i = 0; i < 100 && (await read()).length < expected; i++) await sleep(100)
  return read()
}

describe('a call that hangs on a check', () => {
  let contractor, employee

  before(async () => {
    contractor = (await reeve.createKey('contractor@example.com', '--group', 'contractors')).secret
    employee = (await reeve.createKey('employee@example.com', '--group', 'employees')).secret
    await report('sessions-audited', 'red', '--reason', 'nobody has looked yet', '--by', 'auditor')
    await reeve.start()
  })

  test('is refused while the check is red', async () => refused(await call(contractor)))

  test('is allowed by the exception at the very next call after the check is green', async () => {
    for (let round = 0; round < 5; round++) {
      await report('sessions-audited', 'green', '--reason', `all read, round ${round}`, '--by', 'auditor')
      allowed(await call(contractor))
      await report('sessions-audited', 'red', '--reason', 'one was not read', '--by', 'auditor')
      refused(await call(contractor))
    }
  })

  test('is refused at the next call after the report is too old', async () => {
    const options = ['--reason', 'all read', '--by', 'auditor', '--for', '5s', '--json']
    const { until } = JSON.parse(await report('sessions-audited', 'green', ...options))
    allowed(await call(contractor))
    await sleep(new Date(until) - Date.now() + 5)
    refused(await call(contractor))
    const [{ state }] = (await listed()).filter(({ check }) => check === 'sessions-audited')
    assert.equal(state, 'stale')
  })

  test('is refused by a required check that nobody reported, and open once it is green', async () => {
    const missing = refusedAs('employees-need-the-scan')
    missing(await call(employee, 'practice-small'))
    await report('dependencies-scanned', 'green', '--reason', 'scan 7 found nothing', '--by', 'scanner')
    allowed(await call(employee, 'practice-small'))
    await report('dependencies-scanned', 'red', '--reason', 'scan 8 found one', '--by', 'scanner')
    missing(await call(employee, 'practice-small'))
  })

  test('says in the ledger which exception it used, or why one did not help', async () => {
    const used = 'frontier-for-the-migration'
    const ended = 'frontier-for-the-migration check_not_green'
    const rounds = Array.from({ length: 5 }, () => [used, ended]).flat()
    const expected = [ended, ...rounds, used, ended, '', '', '']
    assert.deepEqual(await settled(decisions, expected.length), expected)
  })
})

describe('reports', () => {
  test('are all in the ledger, in order, those that others followed at once too', async () => {
    const all = await settled(reports, 14)
    assert.deepEqual(
      all.map(({ check, green }) => `${check} ${green}`),
      [
        'sessions-audited false',
        ...Array.from({ length: 5 }, () => ['sessions-audited true', 'sessions-audited false']).flat(),
        'sessions-audited true',
        'dependencies-scanned true',
        'dependencies-scanned false',
      ],
    )
    const last = (await listed()).find(({ check }) => check === 'dependencies-scanned')
    assert.deepEqual(all.at(-1), {
      at: last.at,
      by: 'scanner',
      check: 'dependencies-scanned',
      green: false,
      reason: 'scan 8 found one',
      until: last.until,
    })
  })

  test('that came while no server ran are recorded at the next start, once', async () => {
    const before = (await settled(reports, 14)).length
    await sleep(1500) // the last one is marked as recorded by now
    reeve.process.kill('SIGKILL')
    await reeve.exited
    await report('sessions-audited', 'green', '--reason', 'read by night')
    await report('sessions-audited', 'red', '--reason', 'but not all')
    await reeve.start()
    assert.deepEqual(
      (await settled(reports, before + 2)).slice(before).map(({ reason }) => reason),
      ['read by night', 'but not all'],
    )
    await sleep(1500)
    assert.equal(await reeve.stop(), 0)
    await reeve.start()
    await sleep(1500)
    assert.equal((await reports()).length, before + 2)
    assert.equal(await reeve.stop(), 0)
    assert.equal(JSON.parse(await reeve.command('ledger', 'verify', '--json')).ok, true)
  })

  test('are listed with who made them, and say what is wrong with them', async () => {
    const [scanned, audited] = await listed()
    assert.deepEqual([scanned.check, scanned.state, scanned.by], ['dependencies-scanned', 'red', 'scanner'])
    assert.deepEqual([audited.check, audited.state, audited.reason], ['sessions-audited', 'red', 'but not all'])
    assert.equal(audited.by, spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim())
    assert.equal(new Date(audited.until) - new Date(audited.at), 24 * 3600 * 1000)
    const text = await reeve.command('policy', 'check-state', 'list')
    assert.match(text, /^dependencies-scanned +red +scanner +\S+Z +\S+Z +scan 8 found one$/m)
    for (const [args, complaint] of [
      [['Sessions', 'green', '--reason', 'x'], /letters a to z, digits and hyphens/],
      [['sessions-audited', 'amber', '--reason', 'x'], /green or red, not as 'amber'/],
      [['sessions-audited', 'green', '--reason', ' '], /needs a reason/],
      [['sessions-audited', 'green'], /--reason is required/],
      [['sessions-audited', 'green', '--reason', 'x', '--for', '0s'], /--for: /],
      [['sessions-audited', 'green', '--reason', 'x', '--for', 'long'], /--for: 'long' is not a duration/],
    ]) {
      const line = ['policy', 'check-state', 'set', ...args, '--data', `${reeve.folder}/data`]
      const { status, stderr } = spawnSync(kProgram, line, { encoding: 'utf8' })
      assert.equal(status, 2, args.join(' '))
      assert.match(stderr, complaint)
    }
  })
})

// Recorded decisions, made once more: what `reeve policy replay`, `shadow` and `diff --since` say against what the test
// computes from the entries.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Random } from '../upstream/random.mjs'
import { kProgram, kRoot, Reeve } from '../upstream/reeve_process.mjs'

const kConfig = `
providers:
  - {name: practice, dialect: practice}
models:
  - {name: practice-small, provider: practice, tier: small}
  - {name: practice-large, provider: practice, tier: frontier}
`
const policy = (name, rest) => `---\nkind: Policy\nname: ${name}\nowner: tests\non: model.call\n${rest}\n`
const kAllow = policy('everyone', 'effect: allow')
const kContractors = policy(
  'contractors-small-only',
  'match: {groups: [contractors], tiers: [frontier]}\neffect: deny\nmessage: Smaller, please.',
)
const kPilot = `---
kind: Exception
name: pilot
rules: [contractors-small-only]
match: {people: [pilot@example.com]}
reason: a pilot
requested_by: pilot@example.com
approved_by: lead@example.com
ends: 2099-01-01
uses: 5
`
const needsTicket = (mode) =>
  policy(
    'frontier-needs-ticket',
    `match: {tiers: [frontier]}\nnot: {work_items: ["*"]}\nmode: ${mode}\neffect: deny\nmessage: Name the ticket.`,
  )
const internsSmallOnly = (mode) =>
  policy(
    'interns-small-only',
    `match: {groups: [interns], tiers: [frontier]}\nmode: ${mode}\neffect: deny\nmessage: Smaller, please.`,
  )
const kForbidden = policy('no-such-feature', 'match: {features: [forbidden]}\neffect: deny\nmessage: Not this one.')

const kFirst = kAllow + kContractors + kPilot + needsTicket('shadow')
const kSecond = kFirst + kForbidden + internsSmallOnly('shadow')
const kNew = kAllow + needsTicket('enforce') + internsSmallOnly('enforce')

// The same rules, once more.
const isFrontier = (entry) => entry.model.tier === 'frontier'
const isIn = (entry, group) => (entry.principal.groups ?? []).includes(group)
const byFirst = (entry) =>
  isFrontier(entry) && isIn(entry, 'contractors') && !(entry.decision.exceptions ?? []).includes('pilot')
const lacksTicket = (entry) => isFrontier(entry) && !entry.work_item
const isIntern = (entry) => isFrontier(entry) && isIn(entry, 'interns')
const byNew = (entry) => lacksTicket(entry) || isIntern(entry)

const prices = fs.readFileSync(path.join(kRoot, 'governance/prices/prices.yaml'), 'utf8')
const reeve = new Reeve({ config: kConfig, governance: { 'rules.yaml': kFirst, 'prices.yaml': prices } })
const newRules = path.join(reeve.folder, 'new')
const files = ['--config', path.join(reeve.folder, 'reeve.yaml'), '--data', path.join(reeve.folder, 'data')]
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function command(...args) {
  const { status, stdout } = spawnSync(kProgram, [...args, ...files, '--json'], { encoding: 'utf8' })
  return { status, said: JSON.parse(stdout) }
}

const kPeople = [
  { person: 'dev@example.com', group: 'employees' },
  { person: 'other@example.com', group: 'employees' },
  { person: 'pilot@example.com', group: 'contractors' },
  { person: 'contractor@example.com', group: 'contractors' },
  { person: 'intern@example.com', group: 'interns' },
]

async function callOnce({ person, group, key }, random) {
  const headers = { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }
  if (random.chance(0.6)) headers['x-reeve-work-item'] = `PAY-${random.between(1, 9)}`
  if (group === 'employees' && random.chance(0.2)) headers['x-reeve-feature'] = 'forbidden'
  const model = random.chance(0.5) ? 'practice-large' : 'practice-small'
  const content = `${person} asks ${'again '.repeat(random.between(1, 40))}`
  const body = JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content }] })
  const response = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, { method: 'POST', headers, body })
  await response.arrayBuffer()
}

async function callMany(count, random) {
  const callers = Array.from({ length: 8 }, async () => {
    for (let i = 0; i < count / 8; i++) await callOnce(random.pick(kPeople), random)
  })
  await Promise.all(callers)
}

let decisions, cost, firstDigest, secondDigest

before(async () => {
  fs.mkdirSync(newRules)
  fs.writeFileSync(path.join(newRules, 'rules.yaml'), kNew)
  for (const caller of kPeople) caller.key = (await reeve.createKey(caller.person, '--group', caller.group)).secret
  await reeve.start()
  const random = new Random(20261122)
  await callMany(240, random)
  fs.writeFileSync(path.join(reeve.folder, 'governance/rules.yaml'), kSecond)
  reeve.process.kill('SIGHUP')
  const isChange = ({ kind, detail }) => kind === 'policy.changed' && detail.previous
  const changed = async () => (await reeve.entries()).some(isChange)
  for (let i = 0; i < 100 && !(await changed()); i++) await sleep(100)
  await callMany(240, random)
  assert.equal(await reeve.stop(), 0)

  const entries = await reeve.entries()
  decisions = entries.filter(
    ({ kind, attempt, decision }) =>
      decision?.input && ((kind === 'model.intent' && attempt === 1) || (kind === 'model.outcome' && !attempt)),
  )
  cost = new Map()
  for (const { kind, request_id: id, cost: paid } of entries) {
    if (kind === 'model.outcome') cost.set(id, (cost.get(id) ?? 0) + (paid?.nanos ?? 0))
  }
  const digests = [...new Set(decisions.map(({ decision }) => decision.bundle))]
  assert.equal(digests.length, 2)
  ;[firstDigest, secondDigest] = digests
})
after(() => {
  reeve.process?.kill('SIGKILL')
  reeve.remove()
})

const spent = (some) => some.reduce((sum, entry) => sum + cost.get(entry.request_id), 0)
const people = (some) => new Set(some.map(({ principal }) => principal.id)).size

// What changes between two ways to refuse.
function expected(wasRefused, isRefused) {
  const refused = decisions.filter((entry) => !wasRefused(entry) && isRefused(entry))
  const allowed = decisions.filter((entry) => wasRefused(entry) && !isRefused(entry))
  const changes = {
    decisions: refused.length + allowed.length,
    people: people([...refused, ...allowed]),
    now_refused: refused.length,
    now_allowed: allowed.length,
    refused_cost_nanos: spent(refused),
  }
  return { refused, allowed, changes }
}

test('there is something of everything to replay', () => {
  assert.equal(decisions.length, 480)
  const recorded = decisions.map(({ decision }) => decision)
  assert.equal(recorded.filter(({ exceptions }) => exceptions?.includes('pilot')).length, 5)
  assert.ok(recorded.some(({ ended }) => ended?.includes('pilot used_up')))
  assert.ok(recorded.some(({ shadow_effect: effect }) => effect === 'deny'))
  assert.ok(recorded.some(({ rule }) => rule === 'no-such-feature'))
  assert.ok(spent(decisions) > 0)
})

test('by the rules of the time every decision is what it was', () => {
  const { status, said } = command('policy', 'replay', '--recorded', '--since', '1d')
  assert.equal(status, 0)
  assert.equal(said.decisions, decisions.length)
  assert.equal(said.agreed, decisions.length)
  assert.equal(said.inputs_checked, decisions.length)
  assert.equal(said.inputs_differing, 0)
  assert.deepEqual(said.differences, [])
})

test('other rules change what the test computes, and the cost of it', () => {
  const { status, said } = command('policy', 'replay', newRules, '--since', '1d')
  assert.equal(status, 0)
  const { refused, allowed, changes } = expected(({ decision }) => decision.effect === 'deny', byNew)
  assert.ok(refused.length > 20 && allowed.length > 20)
  assert.deepEqual(said.changes, changes)
  const effects = Object.fromEntries(said.by_effect.map(({ change, decisions: number }) => [change, number]))
  assert.deepEqual(effects, { 'allow -> deny': refused.length, 'deny -> allow': allowed.length })
  for (const { person, decisions: number, refused_cost_nanos: nanos } of said.by_person) {
    const own = ({ principal }) => principal.id === person
    assert.equal(number, [...refused, ...allowed].filter(own).length, person)
    assert.equal(nanos, spent(refused.filter(own)), person)
  }
  // The first of several is named by name.
  const rules = Object.fromEntries(said.by_rule.map(({ rule, decisions: number }) => [rule, number]))
  assert.equal(rules['frontier-needs-ticket'], refused.filter(lacksTicket).length)
  assert.equal(rules['interns-small-only'], refused.filter((entry) => !lacksTicket(entry)).length)
  assert.equal(rules['contractors-small-only'], allowed.filter(byFirst).length)
  assert.equal(rules['no-such-feature'], allowed.filter((entry) => !byFirst(entry)).length)
  assert.equal(said.differences.length, 50)
  const changed = [...refused, ...allowed].sort((a, b) => a.seq - b.seq)
  assert.deepEqual(
    said.differences.map(({ seq, request_id: id }) => [seq, id]),
    changed.slice(0, 50).map(({ seq, request_id: id }) => [seq, id]),
  )
})

test('what all calls cost that rules would refuse is what was spent', () => {
  const nothing = path.join(reeve.folder, 'nothing')
  fs.mkdirSync(nothing)
  fs.writeFileSync(path.join(nothing, 'rules.yaml'), policy('nobody', 'effect: deny\nmessage: Closed.'))
  const { said } = command('policy', 'replay', nothing, '--since', '1d')
  const { said: report } = command('spend', 'report', '--by', 'person', '--since', '1d')
  assert.equal(said.changes.refused_cost_nanos, report.total.cost_nanos)
  assert.equal(said.changes.refused_cost_nanos, spent(decisions))
})

test('two sets are compared over recorded calls', () => {
  const { status, said } = command('policy', 'diff', firstDigest, newRules, '--since', '1d')
  assert.equal(status, 1)
  assert.equal(said.same, false)
  assert.ok(said.removed.includes('contractors-small-only'))
  assert.deepEqual(said.replay.changes, expected(byFirst, byNew).changes)
  const same = command('policy', 'diff', secondDigest, path.join(reeve.folder, 'governance'), '--since', '1d')
  assert.equal(same.status, 0)
  assert.equal(same.said.replay.agreed, decisions.length)
})

test('a window ends where it is said to', () => {
  const middle = decisions[decisions.length / 2].time
  const early = decisions.filter(({ time }) => time <= middle)
  const until = command('policy', 'replay', newRules, '--since', '1d', '--until', middle).said
  assert.equal(until.decisions, early.length)
  assert.equal(
    until.changes.refused_cost_nanos,
    spent(early.filter((entry) => entry.decision.effect === 'allow' && byNew(entry))),
  )
  const since = command('policy', 'replay', newRules, '--since', middle).said
  assert.equal(since.decisions, decisions.filter(({ time }) => time >= middle).length)
})

test('rules in shadow are told with what they would have done, in their present form only', () => {
  const { status, said } = command('policy', 'shadow', '--since', '1d')
  assert.equal(status, 0)
  assert.equal(said.bundle_unknown, 0)
  const told = Object.fromEntries(said.rules.map((rule) => [rule.rule, rule]))
  assert.deepEqual(Object.keys(told).sort(), ['frontier-needs-ticket', 'interns-small-only'])
  const later = decisions.filter(({ decision }) => decision.bundle === secondDigest)
  for (const [name, asked, matches] of [
    ['frontier-needs-ticket', decisions, lacksTicket],
    ['interns-small-only', later, isIntern],
  ]) {
    const rule = told[name]
    const matched = asked.filter(matches)
    const refused = matched.filter(({ decision }) => decision.effect === 'allow')
    assert.equal(rule.decisions, asked.length, name)
    assert.equal(rule.first, asked[0].time)
    assert.equal(rule.last, asked.at(-1).time)
    assert.equal(rule.matched, matched.length, name)
    assert.equal(rule.changed, refused.length, name)
    assert.equal(rule.would_refuse, refused.length, name)
    assert.equal(rule.refused_cost_nanos, spent(refused), name)
    assert.equal(rule.people, people(matched))
    assert.deepEqual(rule.models, ['practice-large'])
    assert.equal(rule.errors, 0)
    assert.equal(rule.ready, false)
    assert.equal(rule.missing[0], 'observed for 0 of 7 days')
    assert.match(rule.missing[1], /^would refuse .* of calls, more than 1 %$/)
  }
  const generous = command('policy', 'shadow', '--since', '1d', '--max-share', '100%').said
  assert.deepEqual(generous.rules[0].missing, ['observed for 0 of 7 days'])
})

test('decisions whose rules are gone are not passed over in silence', () => {
  fs.rmSync(path.join(reeve.folder, 'data/policy/bundles', `${firstDigest.slice('sha256:'.length)}.json`))
  const { status, said } = command('policy', 'replay', '--recorded', '--since', '1d')
  assert.equal(status, 1)
  const gone = decisions.filter(({ decision }) => decision.bundle === firstDigest).length
  assert.equal(said.not_replayed.bundle_unknown, gone)
  assert.equal(said.agreed, decisions.length - gone)
})

test('wrong use is told', () => {
  assert.equal(command('policy', 'replay', newRules, '--recorded').status, 2)
  assert.equal(command('policy', 'replay', '--since', 'yesterday').status, 2)
  assert.equal(command('policy', 'shadow', '--max-share', '2').status, 2)
  assert.equal(command('policy', 'diff', newRules, '--until', '1d').status, 2)
})

// What the clients call: Reeve with its practice model or, to tell a client's fault from Reeve's, the stand-in upstream
// without Reeve. `stop` says what was wrong; `end` ends what was started at once, at any time.

import { kAllowEverything, kKeys, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { detectorFiles, Reeve } from '../upstream/reeve_process.mjs'
import { CountingHop } from './counting_hop.mjs'
import { kEdit, ledgerFaults, upstreamFaults } from './edit_scenario.mjs'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export const kDeniedModels = { anthropic: 'claude-denied-1', openai: 'gpt-denied-1', gemini: 'gemini-denied-1' }
export const kSentences = {
  rule: 'The denied models are not for tests; ask platform-security for an exception.',
  unknown: 'no-such-model',
  budget: 'Ask the platform team about money for tests.',
  cheaper: 'answers in place of',
}

const kLead = 'lead@example.com'
const kConfig = `
providers:
  - {name: practice, dialect: practice}
models:
  - {name: "claude-*", provider: practice}
  - {name: "gpt-*", provider: practice}
  - {name: "gemini-*", provider: practice}
`

const kDenyRule = `kind: Policy
name: denied-models
owner: tests
on: model.call
match: {models: ["*-denied-*"]}
effect: deny
message: ${kSentences.rule}
`

// Callers whose names say so run short of money, or out of it. The first has room for one call on the model that it
// asks for; the second for none.
const kBudgets = `kind: Budget
name: short-of-money
title: Twenty calls for a person
for: {person: ["*runs-short-of-money*"]}
each: [person]
window: day
limit: {requests: 20}
thresholds:
  - {at: 10%, do: degrade, ladder: LADDER}
---
kind: Budget
name: out-of-money
title: A cent for a person
for: {person: ["*out-of-money*"]}
each: [person]
window: day
limit: {money: $0.001}
message: ${kSentences.budget}
`
const kLadders = {
  claude: '[claude-opus-*, claude-sonnet-*, claude-haiku-*]',
  gpt: '[gpt-5.4, gpt-5.4-mini, gpt-5-mini, gpt-5-nano]',
  gemini: '[gemini-*-pro*, gemini-*-flash*]',
}

const kApprovals = `kind: ApprovalPolicy
name: leads
reviewers: {groups: [leads]}
up_to: $500
longest: 14d
`

// One budget for each ladder: the client decides which one its callers fall under.
function budgetFiles() {
  const ladders = Object.entries(kLadders).map(([name, steps]) => `kind: Ladder\nname: ${name}\nsteps: ${steps}\n`)
  const clients = { claude: 'claude-*', gpt: 'gpt-*', gemini: 'gemini-*' }
  const budgets = Object.entries(clients).map(([ladder, model]) =>
    kBudgets
      .replace('LADDER', ladder)
      .replaceAll(/^name: (.*)$/gm, `name: $1-${ladder}`)
      .replaceAll('for: {', `for: {model: ["${model}"], `),
  )
  return { 'approvals.yaml': kApprovals, 'ladders.yaml': ladders.join('---\n'), 'budgets.yaml': budgets.join('---\n') }
}

const kTokenRule = `kind: Policy
name: becomes-placeholders
owner: tests
on: model.call
match: {classes: [pii, financial, secret]}
effect: redact
with: token
classes: [pii, financial, secret]
message: Replaced.
`

// Answers to `caller` by Reeve's ledger. Outcomes are recorded when an answer has ended, and readers see them with the
// next checkpoint.
async function entriesOf(reeve, caller, expectedOutcomes) {
  for (let i = 0; ; i++) {
    const entries = (await reeve.entries()).filter(({ principal }) => principal?.id === caller)
    if (entries.filter(({ kind }) => kind === 'model.outcome').length >= expectedOutcomes || i === 20) return entries
    await sleep(100)
  }
}

// What is wrong with Reeve itself at the end.
async function stopFaults(reeve) {
  const faults = []
  await reeve
    .command('ledger', 'verify')
    .catch((error) => faults.push(`ledger verify: ${error.stdout || error.message}`))
  const code = await reeve.stop()
  if (code !== 0) faults.push(`reeve serve ended with ${code}`)
  if (/rv_[A-Za-z0-9]{8}/.test(reeve.log())) faults.push("a key stands in Reeve's log")
  if (faults.length > 0) console.log(reeve.log().slice(-4000))
  reeve.remove()
  return faults
}

// The first call was answered by the model asked for, a later one by a cheaper one, and none dearer after that.
function degradedFaults(entries) {
  const intents = entries.filter(({ kind }) => kind === 'model.intent')
  const models = intents.map(({ model }) => model.sent ?? model.asked)
  const first = intents.findIndex(({ model }) => model.sent !== undefined)
  if (first < 0) return [`no call was given to a cheaper model: ${models} ${intents.map((i) => i.budget?.kept)}`]
  if (intents[first].budget.degraded_by === undefined) return ['the ledger does not say why']
  return []
}

export class ReeveTarget {
  #reeve = new Reeve({
    config: kConfig,
    governance: { 'all.yaml': kAllowEverything, 'denied.yaml': kDenyRule, ...budgetFiles() },
  })

  async start() {
    await this.#reeve.start()
    await this.#reeve.createKey(kLead, '--group', 'leads')
    this.port = this.#reeve.port
  }

  async keyFor(agent, caller) {
    return (await this.#reeve.createKey(caller)).secret
  }

  // The ledger tells the same story as the hop: one outcome for each call, under the right person and client.
  async faults(agent, caller, hop) {
    const entries = await entriesOf(this.#reeve, caller, hop.modelCalls.length)
    const outcomes = entries.filter(({ kind }) => kind === 'model.outcome')
    const faults = []
    if (outcomes.length !== hop.modelCalls.length) faults.push(`the ledger has ${outcomes.length} outcomes`)
    const expected = agent.name.toLowerCase().replaceAll(' ', '-')
    const clients = new Set(outcomes.map((entry) => entry.client))
    if (clients.size > 1 || (clients.size === 1 && !clients.has(expected))) faults.push(`recorded as ${[...clients]}`)
    const sessions = new Set(outcomes.map((entry) => entry.session_id))
    if (agent.session && (sessions.size !== 1 || sessions.has(undefined))) faults.push(`sessions ${[...sessions]}`)
    if (caller.includes('runs-short-of-money')) faults.push(...degradedFaults(entries))
    return faults
  }

  // Asked for and approved by commands, as people do; in force within a second.
  async giveMore(caller, model) {
    const budget = `out-of-money-${/^[a-z]+/.exec(model ?? 'gemini')[0]}`
    const request = ['exception', 'request', '--budget', budget, '--add', '$50', '--until', '1d', '--reason', 'a test']
    const asked = JSON.parse(await this.#reeve.command(...request, '--by', caller, '--json'))
    await this.#reeve.command('exception', 'approve', asked.id, '--by', kLead, '--json')
    await sleep(1000)
  }

  stop() {
    return stopFaults(this.#reeve)
  }

  end() {
    this.#reeve.end()
  }
}

// Reeve with the shipped detectors and placeholders for what they find, before an upstream that edits a file.
export class EditTarget {
  #upstream = new UpstreamProcess()
  #hop = new CountingHop() // between Reeve and the upstream

  async start() {
    await this.#upstream.start()
    await this.#upstream.addRule({ script: { agent: { edit: kEdit } } })
    await this.#hop.start(this.#upstream.port)
    this.#reeve = new Reeve({
      config: this.#upstream.reeveConfig(this.#hop.port),
      governance: { 'all.yaml': kAllowEverything, 'tokens.yaml': kTokenRule, ...detectorFiles() },
    })
    await this.#reeve.start()
    this.port = this.#reeve.port
  }

  #reeve

  async keyFor(agent, caller) {
    return (await this.#reeve.createKey(caller)).secret
  }

  // `project`: a path that every request of this run holds.
  async faults(agent, caller, hop, project) {
    const entries = await entriesOf(this.#reeve, caller, hop.modelCalls.length)
    const bodies = this.#hop.modelCalls.map(({ body }) => body).filter((body) => body.includes(project))
    return [...upstreamFaults(bodies), ...ledgerFaults(entries.filter(({ kind }) => kind === 'model.intent'))]
  }

  async stop() {
    const { violations } = await this.#upstream.stats()
    const faults = [...(await stopFaults(this.#reeve)), ...violations.map(({ text }) => text)]
    this.#hop.stop()
    this.#upstream.stop()
    return faults
  }

  end() {
    this.#reeve?.end()
    this.#upstream.stop()
  }
}

export class DirectTarget {
  #upstream = new UpstreamProcess()
  #script

  // `script`: what the upstream plays, see tests/upstream/script.mjs.
  constructor(script) {
    this.#script = script
  }

  async start() {
    await this.#upstream.start('--direct')
    await this.#upstream.addRule({ script: this.#script })
    const refusal = { status: 400, headers: { 'x-should-retry': 'false' } }
    const rules = { '*-denied-*': kSentences.rule, 'no-such-model': `There is no ${kSentences.unknown}.` }
    for (const [model, error_message] of Object.entries(rules)) {
      await this.#upstream.addRule({
        match: { model },
        script: { ...refusal, error_type: 'policy_blocked', error_message },
      })
    }
    this.port = this.#upstream.port
  }

  async keyFor(agent) {
    return kKeys[agent.vendor]
  }

  async faults() {
    return []
  }

  async stop() {
    const { violations } = await this.#upstream.stats()
    this.#upstream.stop()
    return violations.map((violation) => violation.text)
  }

  end() {
    this.#upstream.stop()
  }
}

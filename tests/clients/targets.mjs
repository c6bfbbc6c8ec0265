// What the clients call: Reeve with its practice model or, to tell a client's fault from Reeve's, the stand-in upstream
// without Reeve.

import { kAllowEverything, kKeys, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export const kDeniedModels = { anthropic: 'claude-denied-1', openai: 'gpt-denied-1', gemini: 'gemini-denied-1' }
export const kSentences = {
  rule: 'The denied models are not for tests; ask platform-security for an exception.',
  unknown: 'no-such-model',
}

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

export class ReeveTarget {
  #reeve = new Reeve({ config: kConfig, governance: { 'all.yaml': kAllowEverything, 'denied.yaml': kDenyRule } })

  async start() {
    await this.#reeve.start()
    this.port = this.#reeve.port
  }

  async keyFor(agent, caller) {
    return (await this.#reeve.createKey(caller)).secret
  }

  // Outcomes are recorded when an answer has ended, and readers see them with the next checkpoint.
  async #outcomes(caller, expected) {
    for (let i = 0; ; i++) {
      const entries = await this.#reeve.entries()
      const outcomes = entries.filter(({ kind, principal }) => kind === 'model.outcome' && principal?.id === caller)
      if (outcomes.length >= expected || i === 20) return outcomes
      await sleep(100)
    }
  }

  // The ledger tells the same story as the hop: one outcome for each call, under the right person and client.
  async faults(agent, caller, hop) {
    const outcomes = await this.#outcomes(caller, hop.modelCalls.length)
    const faults = []
    if (outcomes.length !== hop.modelCalls.length) faults.push(`the ledger has ${outcomes.length} outcomes`)
    const expected = agent.name.toLowerCase().replaceAll(' ', '-')
    const clients = new Set(outcomes.map((entry) => entry.client))
    if (clients.size > 1 || (clients.size === 1 && !clients.has(expected))) faults.push(`recorded as ${[...clients]}`)
    const sessions = new Set(outcomes.map((entry) => entry.session_id))
    if (agent.session && (sessions.size !== 1 || sessions.has(undefined))) faults.push(`sessions ${[...sessions]}`)
    return faults
  }

  async stop() {
    const faults = []
    await this.#reeve
      .command('ledger', 'verify')
      .catch((error) => faults.push(`ledger verify: ${error.stdout || error.message}`))
    const code = await this.#reeve.stop()
    if (code !== 0) faults.push(`reeve serve ended with ${code}`)
    if (/rv_[A-Za-z0-9]{8}/.test(this.#reeve.log())) faults.push("a key stands in Reeve's log")
    if (faults.length > 0) console.log(this.#reeve.log().slice(-4000))
    this.#reeve.remove()
    return faults
  }
}

export class DirectTarget {
  #upstream = new UpstreamProcess()

  async start() {
    await this.#upstream.start('--direct', '--agent', 'printf practice-%d 0x2a')
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
}

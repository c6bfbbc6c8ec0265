// Compares what the ledger says a call cost with what the upstream's journal says it used.

import { estimateFaults } from './estimate.mjs'
import { kEstimatedKinds } from './workload.mjs'

const kShownFailures = 20
const kNothing = {
  input: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
  input_audio: 0,
  output_audio: 0,
  web_searches: 0,
}

const callNumberOf = (request) => request.headers.find(([name]) => name.toLowerCase() === 'x-test-call')?.[1]
const dollars = (nanos) => `$${(Number(nanos) / 1e9).toFixed(9)}`

const neverBegan = ({ outcome }) => outcome.status === 'client_gone' && !outcome.http_status

function grouped(entries, keyOf) {
  const groups = new Map()
  for (const entry of entries) {
    const key = keyOf(entry)
    if (!groups.has(key)) groups.set(key, [])
    groups.get(key).push(entry)
  }
  return groups
}

export class Audit {
  failures = 0
  exactCalls = 0
  #exact
  #exactSum = 0n
  #exactLedgerSum = 0n
  #ledgerSum = 0n
  #people = new Map()
  #kinds = new Map()
  #estimated = { calls: 0, ledger: 0n, truth: 0n }

  // `exact`: the ExactCost to compare with.
  constructor(exact) {
    this.#exact = exact
  }

  fail(text) {
    this.failures++
    if (this.failures <= kShownFailures) console.log(`FAILED  ${text}`)
  }

  // `calls` as performed, the upstream's `journal`, the ledger's `entries`.
  compare(calls, journal, entries) {
    const requests = grouped(
      journal.filter(({ event }) => event === 'request'),
      callNumberOf,
    )
    const ends = new Map(journal.filter(({ event }) => event === 'end').map((entry) => [entry.number, entry]))
    const intents = grouped(
      entries.filter(({ kind }) => kind === 'model.intent'),
      (entry) => entry.session_id,
    )
    const outcomes = grouped(
      entries.filter(({ kind }) => kind === 'model.outcome'),
      (entry) => entry.session_id,
    )
    for (const call of calls) {
      const session = `call-${call.number}`
      const seen = requests.get(String(call.number)) ?? []
      call.name = `call ${call.number} (${call.kind}, ${call.dialect}, ${call.model})`
      const kind = this.#kinds.get(call.kind) ?? { calls: 0, estimated: 0, unsent: 0, unbegun: 0 }
      this.#kinds.set(call.kind, kind)
      kind.calls++
      if (seen.length === 0) kind.unsent++
      this.#compareCall(call, kind, seen, ends, intents.get(session) ?? [], outcomes.get(session) ?? [])
    }
    if (this.#exactLedgerSum !== this.#exactSum) {
      this.fail(`the ledger's sum is ${this.#exactLedgerSum} nano-dollars, expected ${this.#exactSum}`)
    }
  }

  #compareCall(call, kind, seen, ends, intents, outcomes) {
    if (seen.length > intents.length)
      this.fail(`${call.name}: ${seen.length} requests upstream, ${intents.length} intents`)
    // One attempt more when a kept connection turned out to be closed; the first then cost nothing.
    const earlier = outcomes.slice(0, -1)
    if (earlier.some((entry) => entry.outcome.status !== 'unreachable' || entry.cost)) {
      this.fail(`${call.name}: ${outcomes.length} outcomes`)
    }
    if (call.kind === 'complete' && (call.answer.status !== 200 || call.answer.end !== 'complete')) {
      this.fail(`${call.name}: answered ${call.answer.status}, ${call.answer.end} ${call.answer.fault}`)
    }
    const outcome = outcomes.at(-1)
    if (!outcome) {
      // Whoever leaves before having been asked who they are leaves nothing to record.
      if (seen.length > 0 || call.answer.end === 'complete') this.fail(`${call.name}: no outcome`)
      return
    }
    if (outcome.principal?.id !== call.person) this.fail(`${call.name}: put down to ${outcome.principal?.id}`)
    if (outcome.cost && !/^[\w@/.:+-]{3,}$/.test(outcome.cost.price_version)) {
      this.fail(`${call.name}: price version ${JSON.stringify(outcome.cost.price_version)}`)
    }
    const nanos = BigInt(outcome.cost?.nanos ?? 0)
    this.#ledgerSum += nanos
    this.#people.set(call.person, (this.#people.get(call.person) ?? 0n) + nanos)
    if (neverBegan(outcome)) kind.unbegun++
    const request = seen.at(-1)
    const end = ends.get(request?.number)
    if (outcome.cost?.estimated) {
      kind.estimated++
      this.#compareEstimate(call, request, end, outcome)
    } else {
      this.#compareExact(call, request, end, outcome, nanos)
    }
  }

  #compareExact(call, request, end, outcome, nanos) {
    const expected = end ? this.#expected(call, request, end, outcome) : 0n
    this.exactCalls++
    this.#exactSum += expected
    this.#exactLedgerSum += nanos
    if (nanos === expected) return
    const usage = `used ${JSON.stringify(end?.usage)}, recorded ${JSON.stringify(outcome.usage)}`
    this.fail(`${call.name}: ledger ${nanos}, expected ${expected}; ended ${end?.how}; ${usage}`)
  }

  // Nano-dollars of an attempt that the journal's `request` and `end` tell of, had it used `usage`.
  #nanos(call, request, end, usage) {
    const { vendor } = call
    const when = new Date(request.at)
    return this.#exact.nanos({
      vendor,
      served: end.served ?? call.model,
      asked: call.model,
      when,
      tier: end.service_tier,
      usage,
    })
  }

  // What the vendor bills where the ledger holds its cost for exact.
  #expected(call, request, end, outcome) {
    if (end.status !== 200 || end.operation === 'count') return 0n
    // Nobody bills an answer that was an error before it had said anything.
    if (end.how === 'error' && end.emitted_tokens === 0 && end.reported === null) return 0n
    return this.#nanos(call, request, end, { ...kNothing, ...end.usage })
  }

  // A call that was cut short: the estimate keeps the rules of docs/metering.md, and is priced exactly.
  #compareEstimate(call, request, end, outcome) {
    if (!kEstimatedKinds.has(call.kind)) this.fail(`${call.name}: only estimated`)
    const usage = { ...kNothing, ...outcome.usage }
    if (neverBegan(outcome) && usage.output !== 0) this.fail(`${call.name}: output ${usage.output}, but nobody saw any`)
    for (const fault of estimateFaults(call, end, usage, outcome.outcome)) this.fail(`${call.name}: ${fault}`)
    // The tier of service comes with what was cut off, if it comes at all.
    const tiers = [end.service_tier, undefined]
    const priced = tiers.map((service_tier) => this.#nanos(call, request, { ...end, service_tier }, usage))
    const served = tiers.map((service_tier) =>
      this.#nanos(call, request, { ...end, service_tier, served: call.model }, usage),
    )
    const nanos = BigInt(outcome.cost.nanos)
    if (![...priced, ...served].includes(nanos)) {
      this.fail(`${call.name}: ledger ${nanos}, its usage costs ${priced[0]}: ${JSON.stringify(outcome.usage)}`)
    }
    this.#estimated.calls++
    this.#estimated.ledger += nanos
    this.#estimated.truth += this.#nanos(call, request, end, { ...kNothing, ...end.usage, output: end.emitted_tokens })
  }

  // The reports add up to the ledger, in all and for each person.
  compareReports(byPerson, byModel) {
    for (const report of [byPerson, byModel]) {
      if (BigInt(report.total.cost_nanos) !== this.#ledgerSum) {
        this.fail(`spend report by ${report.by} sums to ${report.total.cost_nanos}, the ledger to ${this.#ledgerSum}`)
      }
      const groups = report.groups.reduce((sum, group) => sum + BigInt(group.cost_nanos), 0n)
      if (groups !== this.#ledgerSum) this.fail(`the groups by ${report.by} do not add up to the total`)
    }
    for (const [person, nanos] of this.#people) {
      const group = byPerson.groups.find((candidate) => candidate.person === person)
      if (BigInt(group?.cost_nanos ?? -1) !== nanos) {
        this.fail(`spend report: ${person} has ${group?.cost_nanos} nano-dollars instead of ${nanos}`)
      }
    }
  }

  print() {
    console.log('kind                  calls  estimated  not sent on  left before the answer began')
    for (const [kind, { calls, estimated, unsent, unbegun }] of this.#kinds) {
      const columns = [String(calls).padStart(5), String(estimated).padStart(9), String(unsent).padStart(11), unbegun]
      console.log(`${kind.padEnd(20)}  ${columns.join('  ')}`)
    }
    const { calls, ledger, truth } = this.#estimated
    console.log(`exact: ${this.exactCalls} calls, ${dollars(this.#exactSum)} in the ledger and by our own computation`)
    console.log(`estimated: ${calls} calls, ${dollars(ledger)} in the ledger, ${dollars(truth)} by what was generated`)
    console.log(`${this.failures} failed`)
  }
}

// Joins three views of the same calls: what the provider's journal saw, what the ledger holds, what the callers got.

import assert from 'node:assert/strict'
import { readJournal } from '../upstream/journal.mjs'

// call id -> how many requests the provider saw begin.
export function seenUpstream(journalFile) {
  const seen = new Map()
  const violations = []
  for (const entry of readJournal(journalFile)) {
    if (entry.event === 'violation') violations.push(entry.text)
    if (entry.event !== 'head') continue
    const id = /[?&]call=([^&]*)/.exec(entry.target)?.[1]
    assert.ok(id, `the provider saw a request without the id of a call: ${entry.target}`)
    seen.set(id, (seen.get(id) ?? 0) + 1)
  }
  return { seen, violations }
}

// work item -> {intents, outcomes}, entries in order.
export function recordedCalls(entries) {
  const calls = new Map()
  for (const entry of entries) {
    if (entry.kind !== 'model.intent' && entry.kind !== 'model.outcome') continue
    const call = calls.get(entry.work_item) ?? { intents: [], outcomes: [] }
    calls.set(entry.work_item, call)
    call[entry.kind === 'model.intent' ? 'intents' : 'outcomes'].push(entry)
  }
  return calls
}

const nothing = { intents: [], outcomes: [] }
const attemptOf = (entry) => `${entry.request_id}#${entry.attempt}`

// Every sentence is a broken promise; empty when all hold. `declaredLost`: how many outcomes and refusals the ledger
// itself declares lost (ledger.gap), because it could not write for a while. Intents are never lost.
export function brokenPromises({ journalFile, entries, records, declaredLost = 0 }) {
  const broken = []
  const { seen, violations } = seenUpstream(journalFile)
  const recorded = recordedCalls(entries)
  broken.push(...violations.map((text) => `the provider complains: ${text}`))
  for (const [id, count] of seen) {
    const { intents } = recorded.get(id) ?? nothing
    if (intents.length < count)
      broken.push(`${id}: the provider saw ${count} requests, ${intents.length} have an intent`)
  }

  const withoutOutcome = []
  for (const [id, { intents, outcomes }] of recorded) {
    const ended = outcomes.map(attemptOf)
    if (new Set(ended).size !== ended.length) broken.push(`${id}: an attempt has two outcomes`)
    for (const intent of intents) {
      if (!ended.includes(attemptOf(intent))) withoutOutcome.push(attemptOf(intent))
    }
    for (const { cost, outcome } of outcomes) {
      if (outcome.status === 'unrecorded_end' && !(cost?.estimated && Number(cost.nanos) > 0)) {
        broken.push(`${id}: was cut by a kill and costs nothing`)
      }
      if (cost && !/^[ -~]+$/.test(cost.price_version)) broken.push(`${id}: the version of its price is not readable`)
    }
    for (const outcome of outcomes.filter(({ attempt }) => attempt > 0)) {
      const intent = intents.find((candidate) => attemptOf(candidate) === attemptOf(outcome))
      if (!intent) broken.push(`${id}: an outcome without its intent`)
      else if (Number(intent.seq) > Number(outcome.seq)) broken.push(`${id}: the outcome is older than its intent`)
    }
  }
  const refusals = records.filter((record) => !isRecorded(record, recorded.get(record.id) ?? nothing))
  const missing = [...withoutOutcome, ...refusals.map(({ id, status }) => `the refusal ${id} with ${status}`)]
  if (missing.length > declaredLost) {
    broken.push(
      `${missing.length} outcomes are missing, ${declaredLost} declared lost: ${missing.slice(0, 5).join(', ')}`,
    )
  }
  for (const record of records) broken.push(...brokenForCaller(record, recorded.get(record.id) ?? nothing, seen))
  return broken
}

// What a known caller was refused is on record, unless the refusal says that the provider was not reached, which has an
// intent (502).
function isRecorded({ end, status, requestId }, { outcomes }) {
  if (end !== 'complete' || [200, 502].includes(status)) return true
  return outcomes.some(({ request_id: id, outcome }) => id === requestId && outcome?.status === 'refused')
}

// What a caller was told must fit what the others saw.
function brokenForCaller({ id, end, status, fault, requestId }, { intents }, seen) {
  if (end === 'malformed') return [`${id}: the answer is not HTTP: ${fault}`]
  if (end !== 'complete' || status === 502) return []
  if (status !== 200) return seen.has(id) ? [`${id}: refused with ${status}, and the provider saw it`] : []
  return intents.some((intent) => intent.request_id === requestId) ? [] : [`${id}: answered, and no intent is there`]
}

export function countBy(list, key) {
  const counts = {}
  for (const item of list) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}

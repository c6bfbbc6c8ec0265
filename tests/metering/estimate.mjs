// The bound that docs/metering.md declares for a call whose usage the provider did not tell in full.

// What a cut answer's output may be put down as, when at least `low` and at most `high` tokens were seen to be
// generated: 4/7 of the one to 16/7 of the other, and one for the rounding.
const withinBound = (estimate, low, high) => estimate * 7 >= low * 4 && estimate * 7 <= high * 16 + 7

// Tokens of the events that lie whole within the first `bytes` of a stream's body.
function tokensWithin(end, bytes) {
  const events = end.event_ends.filter((at) => at <= bytes).length
  return events > 0 ? end.event_tokens[events - 1] : 0
}

// What is wrong with the estimate in `usage` (the ledger's) of `call`, whose `end` the upstream's journal tells: a list
// of sentences.
export function estimateFaults(call, end, usage, outcome) {
  const faults = []
  const told = end.reported !== null && call.kind !== 'compressed'
  const input = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
  if (told && usage.input_reported && input !== end.usage.input + end.usage.cache_read) {
    faults.push(`input ${input}, but the provider told ${end.usage.input}`)
  }
  if (!usage.input_reported && input !== Math.ceil(call.body.length / 4)) {
    faults.push(`input ${input} for a body of ${call.body.length} bytes`)
  }
  if (call.kind === 'compressed') {
    // Embeddings are input only.
    const expected = end.operation === 'embed' ? 0 : Math.ceil((end.sent_bytes * 2) / 7)
    if (usage.output !== expected) faults.push(`output ${usage.output} for ${end.sent_bytes} compressed bytes`)
    return faults
  }
  // The gateway has seen at least what the client has, and at most what was sent.
  const low = tokensWithin(end, Math.min(call.answer.bytes, end.sent_bytes))
  const high = end.emitted_tokens
  if (!withinBound(usage.output, low, high)) {
    faults.push(`output ${usage.output}, but between ${low} and ${high} tokens were generated`)
  }
  if (outcome.status === 'ok' && call.kind !== 'no usage') faults.push('estimated although it ended well')
  return faults
}

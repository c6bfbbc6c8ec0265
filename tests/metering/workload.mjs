// Thousands of different model calls: every dialect, every kind of token, every way to end.

import { words } from '../upstream/plan.mjs'
import { scriptHeader } from '../upstream/script.mjs'

export const kUnknownPrice = { input: 20, output: 100 }

const kVendors = { anthropic: 'anthropic', gemini: 'google', chat: 'openai', responses: 'openai', embeddings: 'openai' }

// Among them models with long-context tiers (claude-sonnet-4-5, gemini-2.5-pro, gpt-5.4, gpt-5.6-terra), with an audio
// rate (gemini-2.5-flash), with a cache rate of its own (claude-opus-5-5), and some that nobody has a price for.
const kModels = {
  anthropic: [
    'claude-opus-5-5',
    'claude-opus-4-6',
    'claude-sonnet-5',
    'claude-haiku-4-5',
    'claude-sonnet-4-5',
    'claude-mystery-1',
  ],
  chat: ['gpt-5.4', 'gpt-5-mini', 'gpt-5.6-terra', 'gpt-audio', 'house-model-7'],
  responses: ['gpt-5.4', 'gpt-5-mini', 'gpt-5.6-terra'],
  gemini: ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-3.8-flash'],
  embeddings: ['text-embedding-3-small', 'text-embedding-3-large'],
}

// How a call goes, with its weight.
const kKinds = {
  complete: 60,
  'client aborts': 9,
  'client aborts early': 2,
  'upstream resets': 4,
  'upstream closes': 4,
  'upstream hangs': 1,
  'error in the stream': 3,
  'no usage': 4,
  compressed: 2,
  'upstream refuses': 5,
  'upstream fails': 4,
  'count tokens': 1,
  'not sent': 1,
}

const kStreamedKinds = new Set([
  'client aborts',
  'client aborts early',
  'upstream resets',
  'upstream closes',
  'upstream hangs',
  'error in the stream',
  'no usage',
])

// Calls whose cost Reeve may have to estimate: the provider's last word did not arrive.
export const kEstimatedKinds = new Set([...kStreamedKinds, 'compressed'])

function usageFor(dialect, model, kind, random) {
  const output = random.between(1, random.pick([20, 200, 3000]))
  const usage = { output }
  if (kEstimatedKinds.has(kind)) return usage // its input follows from the request's size
  usage.input = random.between(1, random.pick([10, 5000, 180_000, 400_000]))
  if (dialect === 'embeddings') return { input: usage.input, output: 0 }
  if (random.chance(0.4)) usage.cache_read = random.between(1, random.pick([900, 150_000, 300_000]))
  if (random.chance(0.3)) usage.reasoning = random.between(0, output)
  if (dialect === 'anthropic') {
    if (random.chance(0.4)) usage.cache_write_5m = random.between(1, 60_000)
    if (random.chance(0.3)) usage.cache_write_1h = random.between(1, 60_000)
  }
  if (model === 'gpt-5.6-terra' && random.chance(0.4)) usage.cache_write_5m = random.between(1, 60_000)
  if (model === 'gemini-2.5-flash' || model === 'gpt-audio') usage.input_audio = random.between(0, usage.input)
  if (model === 'gpt-audio') usage.output_audio = random.between(0, output - (usage.reasoning ?? 0))
  if (['anthropic', 'responses'].includes(dialect) && random.chance(0.15)) usage.web_searches = random.between(1, 5)
  return usage
}

// What the provider says it served.
function servedTier(dialect, random) {
  const tiers = {
    anthropic: ['batch', 'priority', 'fast', 'standard'],
    chat: ['flex', 'priority', 'default'],
    gemini: ['flex', 'priority', 'standard'],
  }
  const tier = random.chance(0.3) ? random.pick(tiers[dialect] ?? tiers.chat) : null
  return dialect === 'embeddings' ? null : tier
}

function requestFor(dialect, model, kind, stream, text) {
  const messages = [{ role: 'user', content: text }]
  if (dialect === 'anthropic') {
    if (kind === 'count tokens') return ['/v1/messages/count_tokens', { model, messages }]
    return ['/v1/messages', { model, max_tokens: 4096, messages, stream }]
  }
  if (dialect === 'chat') {
    const options = stream && kind !== 'no usage' ? { stream_options: { include_usage: true } } : {}
    return ['/v1/chat/completions', { model, messages, stream, ...options }]
  }
  if (dialect === 'responses') return ['/v1/responses', { model, input: text, stream }]
  if (dialect === 'embeddings') return ['/v1/embeddings', { model, input: text }]
  const call = kind === 'count tokens' ? 'countTokens' : stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return [`/v1beta/models/${model}:${call}`, { contents: [{ role: 'user', parts: [{ text }] }] }]
}

function scriptFor(kind, random) {
  const events = random.between(4, 24)
  const slow = { events, delay_ms: 4 }
  switch (kind) {
    case 'client aborts':
      return slow
    case 'client aborts early':
      return { events, first_delay_ms: 60 }
    case 'upstream resets':
      return { ...slow, end: 'reset', after_events: random.between(0, events) }
    case 'upstream closes':
      return { ...slow, end: 'close', after_events: random.between(0, events) }
    case 'upstream hangs':
      return { events, end: 'hang', after_events: random.between(1, events) }
    case 'error in the stream':
      return { events, end: 'error', after_events: random.between(0, events) }
    case 'compressed':
      return { events, gzip: true }
    case 'upstream refuses':
      return { status: random.pick([400, 401, 403, 404, 413, 422, 429]) }
    case 'upstream fails':
      return { status: random.pick([500, 502, 503, 529]) }
    default:
      return { events, chunks: random.pick(['event', 'event', 'random', 'whole']), comments: random.chance(0.1) }
  }
}

const kCredentials = { anthropic: (key) => ['x-api-key', key], gemini: (key) => ['x-goog-api-key', key] }

// One call: {number, kind, dialect, vendor, model, target, headers, body, stream, abortAfter}. `key` is the caller's.
export function makeCall(number, random, key) {
  let kind = random.weighted(kKinds)
  let dialect = random.weighted({ anthropic: 35, chat: 22, responses: 22, gemini: 17, embeddings: 4 })
  if (kind === 'no usage') dialect = 'chat'
  if (kind === 'count tokens' && !['anthropic', 'gemini'].includes(dialect)) dialect = 'anthropic'
  if (dialect === 'embeddings' && kStreamedKinds.has(kind)) kind = 'complete'
  const model = random.pick(kModels[dialect])
  const stream = dialect !== 'embeddings' && (kStreamedKinds.has(kind) || random.chance(0.6))
  const [target, body] = requestFor(
    dialect,
    model,
    kind,
    stream,
    words(random.between(5, random.pick([20, 400])), random),
  )
  const bytes = Buffer.from(kind === 'not sent' ? JSON.stringify(body).slice(0, -1) : JSON.stringify(body))

  const script = { ...scriptFor(kind, random), seed: number + 1, usage: usageFor(dialect, model, kind, random) }
  // Real tokenizers find between three and five bytes a token.
  script.usage.input ??= Math.ceil(bytes.length / random.pick([3, 3.5, 4, 4.5, 5]))
  const tier = servedTier(dialect, random)
  if (tier) script.service_tier = tier
  if (random.chance(0.2) && !model.includes('mystery') && !model.includes('house'))
    script.answer_model = `${model}-20260115`
  const headers = [
    ['host', 'reeve.example.com'],
    ['user-agent', 'metering-test/1'],
    ['content-type', 'application/json'],
    (kCredentials[dialect] ?? ((secret) => ['authorization', `Bearer ${secret}`]))(key),
    ['x-reeve-session', `call-${number}`],
    ['x-test-call', String(number)],
    scriptHeader(script),
  ]
  if (dialect === 'anthropic') headers.push(['anthropic-version', '2023-06-01'])
  const abortAfter = kind === 'client aborts' ? random.between(1, 4000) : null
  return { number, kind, dialect, vendor: kVendors[dialect], model, target, headers, body: bytes, stream, abortAfter }
}

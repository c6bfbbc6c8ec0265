// OpenAI Chat Completions, as https://platform.openai.com/docs/api-reference/chat and .../chat-streaming document it.

import { EventList } from './sse.mjs'
import { isObject, knownFields, need, needList, needString, optional, optionalWhole } from './rules.mjs'
import { inputText, textOf } from '../plan.mjs'
import { validateTools } from './openai_common.mjs'

export { credentialPlaces, errorBody, modelListJson, responseHeaders, validateHead } from './openai_common.mjs'
import { errorBody } from './openai_common.mjs'

const kKnown = new Set([
  'model',
  'messages',
  'audio',
  'frequency_penalty',
  'function_call',
  'functions',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'metadata',
  'modalities',
  'n',
  'parallel_tool_calls',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_retention',
  'reasoning_effort',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'stop',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'user',
  'verbosity',
  'web_search_options',
])
const kRoles = new Set(['developer', 'system', 'user', 'assistant', 'tool', 'function'])

export const name = 'openai-chat'

export function validateBody(body) {
  knownFields(body, kKnown, (field) => `Unrecognized request argument supplied: ${field}`)
  needString(body.model, 'model')
  needList(body.messages, 'messages')
  body.messages.forEach((message, i) => {
    need(isObject(message) && kRoles.has(message.role), `messages[${i}].role: invalid value`)
    if (message.role === 'tool') needString(message.tool_call_id, `messages[${i}].tool_call_id`)
    const hasContent = typeof message.content === 'string' || Array.isArray(message.content)
    need(hasContent || message.role === 'assistant', `messages[${i}].content: a string or an array is required`)
  })
  optional(body.stream, 'boolean', 'stream')
  optional(body.temperature, 'number', 'temperature')
  optionalWhole(body.max_tokens, 'max_tokens', 1)
  optionalWhole(body.max_completion_tokens, 'max_completion_tokens', 1)
  need(
    body.stream_options === undefined || body.stream_options === null || body.stream === true,
    'stream_options: only allowed when stream is set',
  )
  validateTools(body.tools)
}

export function readBody(body) {
  const afterAssistant = body.messages.slice(body.messages.findLastIndex((message) => message.role === 'assistant') + 1)
  return {
    model: body.model,
    stream: body.stream === true,
    tools: (body.tools ?? []).map((tool) => tool.function?.name ?? tool.custom?.name ?? tool.name),
    toolResult: afterAssistant.find((message) => message.role === 'tool')?.content,
    toolResults: body.messages.flatMap((message) => (message.role === 'tool' ? [message.content] : [])),
    jsonSchema: body.response_format?.json_schema?.schema ?? null,
    includeUsage: body.stream_options?.include_usage === true,
  }
}

function usageJson({ usage }) {
  const prompt = usage.input + usage.cache_read + usage.cache_write_5m
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cache_read,
      audio_tokens: usage.input_audio,
      ...(usage.cache_write_5m > 0 ? { cache_write_tokens: usage.cache_write_5m } : {}),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: usage.output_audio,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

const finishReason = (plan) => ({ end: 'stop', tool: 'tool_calls', length: 'length' })[plan.stop]
const callId = (plan, index) => `call_upstream${plan.id}x${index}`
// The members of a call, or of a piece of one, that say with what.
const calledWith = (part, text, rest = {}) =>
  part.custom
    ? { type: 'custom', custom: { ...rest, input: text } }
    : { type: 'function', function: { ...rest, arguments: text } }
const visible = (plan) => plan.parts.filter((part) => part.kind !== 'thinking')

export function answerJson(plan) {
  const calls = visible(plan)
    .filter((part) => part.kind === 'tool')
    .map((part, i) => ({ id: callId(plan, i), ...calledWith(part, inputText(part.input), { name: part.name }) }))
  const text =
    visible(plan)
      .filter((part) => part.kind === 'text')
      .map(textOf)
      .join('') || null
  const message = {
    role: 'assistant',
    content: text,
    refusal: null,
    annotations: [],
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  }
  return {
    id: `chatcmpl-upstream${plan.id}`,
    object: 'chat.completion',
    created: 1767225600,
    model: plan.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(plan) }],
    usage: usageJson(plan),
    service_tier: plan.serviceTier ?? 'default',
    system_fingerprint: 'fp_upstream',
  }
}

export function answerEvents(plan, { newline, includeUsage }) {
  const events = new EventList(newline)
  const common = {
    id: `chatcmpl-upstream${plan.id}`,
    object: 'chat.completion.chunk',
    created: 1767225600,
    model: plan.model,
    service_tier: plan.serviceTier ?? 'default',
    system_fingerprint: 'fp_upstream',
  }
  const usage = includeUsage ? { usage: null } : {}
  const add = (delta, tokens, finish = null) =>
    events.add(
      null,
      { ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...usage },
      tokens,
    )
  // Reasoning is generated, and billed, before anything of the answer shows.
  add({ role: 'assistant', content: '', refusal: null }, plan.usage.reasoning)
  let call = 0
  for (const part of visible(plan)) {
    if (part.kind === 'tool') {
      add({ tool_calls: [{ index: call, id: callId(plan, call), ...calledWith(part, '', { name: part.name }) }] })
    }
    for (const piece of part.pieces) {
      const { type, ...input } = calledWith(part, piece.text)
      add(part.kind === 'text' ? { content: piece.text } : { tool_calls: [{ index: call, ...input }] }, piece.tokens)
    }
    if (part.kind === 'tool') call++
  }
  add({}, 0, finishReason(plan))
  if (includeUsage) events.add(null, { ...common, choices: [], usage: usageJson(plan) }, 0, 'usage:all')
  events.add(null, '[DONE]')
  return events.list
}

export function streamError(newline) {
  const events = new EventList(newline)
  events.add(null, errorBody(500, 'The server had an error while processing your request.'))
  return events.list
}

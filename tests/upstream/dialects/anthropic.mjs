// Anthropic Messages, as https://platform.claude.com/docs/en/api/messages and .../streaming document it.

import { EventList } from './sse.mjs'
import { Fault, isObject, knownFields, need, needList, needString, optional, optionalWhole } from './rules.mjs'
import { textOf } from '../plan.mjs'

const kKnown = new Set([
  'model',
  'messages',
  'max_tokens',
  'system',
  'metadata',
  'stop_sequences',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'service_tier',
  'container',
  'context_management',
  'output_config',
  'mcp_servers',
  'cache_control',
  'inference_geo',
  'safeguards',
  'tags',
  'speed',
  'diagnostics',
])
const kErrorTypes = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

export const name = 'anthropic'

// The provider's key wherever the vendor takes it: [header, value prefix].
export const credentialPlaces = [
  ['x-api-key', ''],
  ['authorization', 'Bearer '],
]

export function validateHead(request) {
  need(
    request.header('anthropic-version') === '2023-06-01',
    'anthropic-version: header is required and must be 2023-06-01',
  )
  const beta = request.header('anthropic-beta')
  need(beta === undefined || /^[a-z0-9-]+(, ?[a-z0-9-]+)*$/.test(beta), 'anthropic-beta: not a list of names')
}

function validateBlock(block, place) {
  need(isObject(block) && typeof block.type === 'string', `${place}: an object with a type is required`)
  if (block.type === 'text') need(typeof block.text === 'string', `${place}.text: a string is required`)
  if (block.type === 'tool_use') needString(block.id, `${place}.id`)
  if (block.type === 'tool_result') needString(block.tool_use_id, `${place}.tool_use_id`)
}

function validateMessage(message, i) {
  need(isObject(message), `messages.${i}: an object is required`)
  need(['user', 'assistant', 'system'].includes(message.role), `messages.${i}.role: unexpected value`)
  if (typeof message.content === 'string') return
  need(Array.isArray(message.content), `messages.${i}.content: a string or an array is required`)
  message.content.forEach((block, j) => validateBlock(block, `messages.${i}.content.${j}`))
}

export function validateBody(body, operation) {
  knownFields(body, kKnown, (field) => `${field}: Extra inputs are not permitted`)
  needString(body.model, 'model')
  needList(body.messages, 'messages')
  body.messages.forEach(validateMessage)
  need(body.messages[0].role === 'user', "messages.0: the first message must be the user's")
  if (operation === 'generate') {
    need(Number.isInteger(body.max_tokens) && body.max_tokens > 0, 'max_tokens: a positive whole number is required')
  }
  optional(body.stream, 'boolean', 'stream')
  optional(body.temperature, 'number', 'temperature')
  optionalWhole(body.top_k, 'top_k')
  need(
    body.system === undefined || typeof body.system === 'string' || Array.isArray(body.system),
    'system: a string or an array is required',
  )
  for (const tool of body.tools ?? []) needString(tool.name, 'tools.name')
}

const lastTurn = (body) =>
  body.messages.slice(body.messages.findLastIndex((message) => message.role === 'assistant') + 1)

export function readBody(body) {
  return {
    model: body.model,
    stream: body.stream === true,
    tools: (body.tools ?? []).map((tool) => tool.name),
    toolResult: lastTurn(body)
      .flatMap((message) => (Array.isArray(message.content) ? message.content : []))
      .find((block) => block.type === 'tool_result')?.content,
    toolResults: body.messages
      .flatMap((message) => (Array.isArray(message.content) ? message.content : []))
      .flatMap((block) => (block.type === 'tool_result' ? [block.content] : [])),
    jsonSchema: body.output_config?.format?.schema ?? null,
  }
}

const messageId = (plan) => `msg_01upstream${String(plan.id).padStart(10, '0')}`
const stopReason = (plan) => ({ end: 'end_turn', tool: 'tool_use', length: 'max_tokens' })[plan.stop]

function inputUsage({ usage, serviceTier }) {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cache_write_5m + usage.cache_write_1h,
    cache_read_input_tokens: usage.cache_read,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cache_write_5m,
      ephemeral_1h_input_tokens: usage.cache_write_1h,
    },
    service_tier: serviceTier === 'fast' ? 'standard' : (serviceTier ?? 'standard'),
    ...(serviceTier === 'fast' ? { speed: 'fast' } : {}),
  }
}

function outputUsage({ usage }) {
  return {
    output_tokens: usage.output,
    ...(usage.reasoning > 0 ? { output_tokens_details: { thinking_tokens: usage.reasoning } } : {}),
    ...(usage.web_searches > 0 ? { server_tool_use: { web_search_requests: usage.web_searches } } : {}),
  }
}

function blockOf(part, plan, index) {
  if (part.kind === 'thinking')
    return { type: 'thinking', thinking: textOf(part), signature: 'EqQBCkgIBRABGAIiQL8s+upstream/signature==' }
  if (part.kind === 'text') return { type: 'text', text: textOf(part) }
  return { type: 'tool_use', id: `toolu_01upstream${plan.id}x${index}`, name: part.name, input: part.input }
}

export function answerJson(plan) {
  return {
    id: messageId(plan),
    type: 'message',
    role: 'assistant',
    model: plan.model,
    content: plan.parts.map((part, i) => blockOf(part, plan, i)),
    stop_reason: stopReason(plan),
    stop_sequence: null,
    usage: { ...inputUsage(plan), ...outputUsage(plan) },
  }
}

const kDelta = {
  thinking: (text) => ({ type: 'thinking_delta', thinking: text }),
  text: (text) => ({ type: 'text_delta', text }),
  tool: (text) => ({ type: 'input_json_delta', partial_json: text }),
}
const kEmpty = { thinking: { thinking: '', signature: '' }, text: { text: '' }, tool: { input: {} } }

export function answerEvents(plan, { newline }) {
  const events = new EventList(newline)
  const add = (type, rest, tokens, note) => events.add(type, { type, ...rest }, tokens, note)
  const message = {
    id: messageId(plan),
    type: 'message',
    role: 'assistant',
    model: plan.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  }
  add('message_start', { message: { ...message, usage: { ...inputUsage(plan), output_tokens: 1 } } }, 0, 'usage:input')
  add('ping', {})
  plan.parts.forEach((part, index) => {
    add('content_block_start', { index, content_block: { ...blockOf(part, plan, index), ...kEmpty[part.kind] } })
    for (const piece of part.pieces)
      add('content_block_delta', { index, delta: kDelta[part.kind](piece.text) }, piece.tokens)
    if (part.kind === 'thinking') {
      add('content_block_delta', {
        index,
        delta: { type: 'signature_delta', signature: 'EqQBCkgIBRABGAIiQL8s+upstream/signature==' },
      })
    }
    add('content_block_stop', { index })
  })
  add(
    'message_delta',
    {
      delta: { stop_reason: stopReason(plan), stop_sequence: null },
      usage: { ...inputUsage(plan), ...outputUsage(plan) },
    },
    0,
    'usage:all',
  )
  add('message_stop', {})
  return events.list
}

export function errorBody(status, message, type) {
  return {
    type: 'error',
    error: { type: type ?? kErrorTypes[status] ?? 'api_error', message },
    request_id: 'req_011upstream',
  }
}

export function streamError(newline) {
  const events = new EventList(newline)
  events.add('error', errorBody(529, 'Overloaded'))
  return events.list
}

export const countTokensJson = (tokens) => ({ input_tokens: tokens })

export function modelListJson(models) {
  const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }))
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

export const responseHeaders = (plan) => [
  ['request-id', `req_011upstream${plan?.id ?? 0}`],
  ['anthropic-organization-id', '00000000-0000-4000-8000-000000000000'],
  ['anthropic-ratelimit-requests-remaining', '3999'],
]

export { Fault }

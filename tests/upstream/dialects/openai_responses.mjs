// OpenAI Responses, as https://platform.openai.com/docs/api-reference/responses and .../responses-streaming document
// it.

import { EventList } from './sse.mjs'
import { isObject, knownFields, need, needString, optional, optionalWhole } from './rules.mjs'
import { textOf } from '../plan.mjs'
import { validateTools } from './openai_common.mjs'

export { credentialPlaces, errorBody, modelListJson, responseHeaders, validateHead } from './openai_common.mjs'

const kKnown = new Set([
  'background',
  'client_metadata',
  'context_management',
  'conversation',
  'include',
  'input',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'model',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
])
const kOutputs = new Set([
  'function_call_output',
  'custom_tool_call_output',
  'local_shell_call_output',
  'shell_call_output',
])
const kByUs = new Set(['function_call', 'custom_tool_call', 'local_shell_call', 'shell_call', 'reasoning'])

export const name = 'openai-responses'

export function validateBody(body) {
  knownFields(body, kKnown, (field) => `Unknown parameter: '${field}'.`)
  needString(body.model, 'model')
  const { input } = body
  need(
    typeof input === 'string' || (Array.isArray(input) && input.length > 0),
    'input: a string or a non-empty array is required',
  )
  if (Array.isArray(input)) {
    input.forEach((item, i) => {
      need(isObject(item), `input[${i}]: an object is required`)
      need(typeof item.type === 'string' || typeof item.role === 'string', `input[${i}].type: required`)
      if (kOutputs.has(item.type)) needString(item.call_id, `input[${i}].call_id`)
    })
  }
  optional(body.stream, 'boolean', 'stream')
  optional(body.store, 'boolean', 'store')
  optionalWhole(body.max_output_tokens, 'max_output_tokens', 1)
  validateTools(body.tools)
}

// Tools may stand in namespaces, and among what is said.
function toolNames(tools, input) {
  const later = input.flatMap((item) => (item.type === 'additional_tools' ? item.tools : []))
  return [...(tools ?? []), ...later]
    .flatMap((tool) => (tool.type === 'namespace' ? tool.tools : [tool]))
    .map((tool) => tool.name ?? tool.type)
}

export function readBody(body) {
  const input = Array.isArray(body.input) ? body.input : []
  const ours = input.findLastIndex((item) => kByUs.has(item.type) || item.role === 'assistant')
  return {
    model: body.model,
    stream: body.stream === true,
    tools: toolNames(body.tools, input),
    toolResult: input.slice(ours + 1).find((item) => kOutputs.has(item.type))?.output,
    toolResults: input.flatMap((item) => (kOutputs.has(item.type) ? [item.output] : [])),
    jsonSchema: body.text?.format?.schema ?? null,
  }
}

function usageJson({ usage }) {
  const input = usage.input + usage.cache_read + usage.cache_write_5m
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cache_read,
      ...(usage.cache_write_5m > 0 ? { cache_write_tokens: usage.cache_write_5m } : {}),
    },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + usage.output,
  }
}

function itemOf(part, plan, index) {
  const suffix = `upstream${plan.id}x${index}`
  if (part.kind === 'thinking')
    return { id: `rs_${suffix}`, type: 'reasoning', summary: [], encrypted_content: 'gAAAAAupstream==' }
  if (part.custom) {
    const call = { name: part.name, call_id: `call_${suffix}`, input: part.input }
    return { id: `ctc_${suffix}`, type: 'custom_tool_call', status: 'completed', ...call }
  }
  if (part.kind === 'tool') {
    return {
      id: `fc_${suffix}`,
      type: 'function_call',
      status: 'completed',
      name: part.name,
      call_id: `call_${suffix}`,
      arguments: JSON.stringify(part.input),
    }
  }
  return {
    id: `msg_${suffix}`,
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', annotations: [], logprobs: [], text: textOf(part) }],
  }
}

// Searches that the vendor ran for the model: they are billed by the call.
function searchItems(plan) {
  return Array.from({ length: plan.usage.web_searches }, (_, i) => ({
    id: `ws_upstream${plan.id}x${i}`,
    type: 'web_search_call',
    status: 'completed',
    action: { type: 'search', query: 'upstream' },
  }))
}

const outputOf = (plan) => [...searchItems(plan), ...plan.parts.map((part, i) => itemOf(part, plan, i))]

function responseOf(plan, status, output, usage) {
  return {
    id: `resp_upstream${plan.id}`,
    object: 'response',
    created_at: 1767225600,
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    model: plan.model,
    output,
    parallel_tool_calls: true,
    service_tier: plan.serviceTier ?? 'default',
    store: false,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage,
  }
}

const finalStatus = (plan) => (plan.stop === 'length' ? 'incomplete' : 'completed')

export const answerJson = (plan) => responseOf(plan, finalStatus(plan), outputOf(plan), usageJson(plan))

// The events of one output item; `add` numbers them.
function addItem(add, part, plan, number, index) {
  const item = itemOf(part, plan, number)
  const place = { item_id: item.id, output_index: index }
  if (part.kind === 'thinking') {
    add('response.output_item.added', { output_index: index, item: { ...item, encrypted_content: '' } })
    // What is thought is not shown, only billed.
    add('response.output_item.done', { output_index: index, item }, plan.usage.reasoning)
    return
  }
  if (part.kind === 'tool') {
    const events = part.custom ? 'custom_tool_call_input' : 'function_call_arguments'
    const member = part.custom ? 'input' : 'arguments'
    add('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress', [member]: '' } })
    for (const piece of part.pieces) add(`response.${events}.delta`, { ...place, delta: piece.text }, piece.tokens)
    add(`response.${events}.done`, { ...place, [member]: item[member] })
    add('response.output_item.done', { output_index: index, item })
    return
  }
  const [content] = item.content
  add('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress', content: [] } })
  add('response.content_part.added', { ...place, content_index: 0, part: { ...content, text: '' } })
  for (const piece of part.pieces)
    add('response.output_text.delta', { ...place, content_index: 0, delta: piece.text, logprobs: [] }, piece.tokens)
  add('response.output_text.done', { ...place, content_index: 0, text: content.text, logprobs: [] })
  add('response.content_part.done', { ...place, content_index: 0, part: content })
  add('response.output_item.done', { output_index: index, item })
}

export function answerEvents(plan, { newline }) {
  const events = new EventList(newline)
  let sequence = 0
  const add = (type, rest, tokens = 0, note = undefined) =>
    events.add(type, { type, sequence_number: sequence++, ...rest }, tokens, note)
  add('response.created', { response: responseOf(plan, 'in_progress', [], null) })
  add('response.in_progress', { response: responseOf(plan, 'in_progress', [], null) })
  const searches = searchItems(plan)
  searches.forEach((item, index) => {
    add('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress' } })
    add('response.output_item.done', { output_index: index, item })
  })
  plan.parts.forEach((part, index) => addItem(add, part, plan, index, searches.length + index))
  const status = finalStatus(plan)
  add(`response.${status}`, { response: answerJson(plan) }, 0, 'usage:all')
  return events.list
}

export function streamError(newline, plan) {
  const events = new EventList(newline)
  const error = { code: 'server_error', message: 'The server had an error while processing your request.' }
  events.add('response.failed', {
    type: 'response.failed',
    sequence_number: 99,
    response: { ...responseOf(plan, 'failed', [], null), error },
  })
  return events.list
}

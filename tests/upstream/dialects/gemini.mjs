// Gemini generateContent, streamGenerateContent and countTokens, as https://ai.google.dev/api/generate-content and
// .../api/tokens document them.

import { EventList } from './sse.mjs'
import { isObject, knownFields, need, needList } from './rules.mjs'
import { textOf } from '../plan.mjs'

const kKnown = new Set([
  'contents',
  'tools',
  'toolConfig',
  'safetySettings',
  'systemInstruction',
  'system_instruction',
  'generationConfig',
  'generation_config',
  'cachedContent',
  'labels',
  'serviceTier',
  'generateContentRequest',
])
const kPartKinds = [
  'text',
  'inlineData',
  'functionCall',
  'functionResponse',
  'fileData',
  'executableCode',
  'codeExecutionResult',
  'thoughtSignature',
  'thought',
]
const kStatusNames = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

export const name = 'gemini'
export const credentialPlaces = [['x-goog-api-key', '']]

export function validateHead() {}

export function validateBody(body, operation) {
  knownFields(body, kKnown, (field) => `Invalid JSON payload received. Unknown name "${field}": Cannot find field.`)
  if (operation === 'count' && body.generateContentRequest) return
  needList(body.contents, 'contents')
  body.contents.forEach((content, i) => {
    need(isObject(content) && Array.isArray(content.parts), `contents[${i}].parts: an array is required`)
    need(
      content.role === undefined || ['user', 'model', 'function'].includes(content.role),
      'Please use a valid role: user, model.',
    )
    content.parts.forEach((part, j) =>
      need(
        isObject(part) && kPartKinds.some((kind) => kind in part),
        `contents[${i}].parts[${j}]: required oneof field 'data' must have one initialized field`,
      ),
    )
  })
}

export function readBody(body) {
  const contents = body.contents ?? []
  const afterModel = contents.slice(contents.findLastIndex((content) => content.role === 'model') + 1)
  const config = body.generationConfig ?? {}
  return {
    tools: (body.tools ?? []).flatMap((tool) => (tool.functionDeclarations ?? []).map((declared) => declared.name)),
    toolResult: afterModel.flatMap((content) => content.parts).find((part) => part.functionResponse)?.functionResponse
      .response,
    toolResults: contents
      .flatMap((content) => content.parts)
      .flatMap((part) => (part.functionResponse ? [part.functionResponse.response] : [])),
    jsonSchema:
      config.responseMimeType === 'application/json'
        ? (config.responseJsonSchema ?? config.responseSchema ?? {})
        : null,
  }
}

// `candidates` may be short of the whole while a stream goes on.
function usageJson({ usage, serviceTier }, candidates, thoughts) {
  const prompt = usage.input + usage.cache_read
  return {
    promptTokenCount: prompt,
    ...(candidates > 0 ? { candidatesTokenCount: candidates } : {}),
    ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
    totalTokenCount: prompt + candidates + thoughts,
    ...(usage.cache_read > 0
      ? {
          cachedContentTokenCount: usage.cache_read,
          cacheTokensDetails: [{ modality: 'TEXT', tokenCount: usage.cache_read }],
        }
      : {}),
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: prompt - usage.input_audio },
      ...(usage.input_audio > 0 ? [{ modality: 'AUDIO', tokenCount: usage.input_audio }] : []),
    ],
    ...(serviceTier ? { serviceTier } : {}),
  }
}

const finishReason = (plan) => ({ end: 'STOP', tool: 'STOP', length: 'MAX_TOKENS' })[plan.stop]

function partOf(part, plan, index) {
  if (part.kind === 'thinking') return { text: textOf(part), thought: true }
  if (part.kind === 'text') return { text: textOf(part) }
  return {
    functionCall: { id: `fc-upstream${plan.id}x${index}`, name: part.name, args: part.input },
    thoughtSignature: 'EiYKJGUyNDgzMGE3LTVjZDY=',
  }
}

const common = (plan) => ({ modelVersion: plan.model, responseId: `upstream${plan.id}` })

export function answerJson(plan) {
  const { usage } = plan
  return {
    candidates: [
      {
        content: { parts: plan.parts.map((part, i) => partOf(part, plan, i)), role: 'model' },
        finishReason: finishReason(plan),
        index: 0,
      },
    ],
    usageMetadata: usageJson(plan, usage.output - usage.reasoning, usage.reasoning),
    ...common(plan),
  }
}

export function answerEvents(plan, { newline }) {
  const events = new EventList(newline)
  let candidates = 0
  let thoughts = 0
  const add = (parts, tokens, rest = {}, note = 'usage:so-far') =>
    events.add(
      null,
      {
        candidates: [{ content: { parts, role: 'model' }, index: 0, ...rest }],
        usageMetadata: usageJson(plan, candidates, thoughts),
        ...common(plan),
      },
      tokens,
      note,
    )
  plan.parts.forEach((part, index) => {
    if (part.kind === 'tool') {
      const tokens = part.pieces.reduce((sum, piece) => sum + piece.tokens, 0)
      candidates += tokens
      add([partOf(part, plan, index)], tokens)
      return
    }
    for (const piece of part.pieces) {
      if (part.kind === 'thinking') thoughts += piece.tokens
      else candidates += piece.tokens
      add([part.kind === 'thinking' ? { text: piece.text, thought: true } : { text: piece.text }], piece.tokens)
    }
  })
  add([{ text: '' }], 0, { finishReason: finishReason(plan) }, 'usage:all')
  return events.list
}

// Without alt=sse the vendor streams one JSON array, an element at a time.
export function answerArrayPieces(plan) {
  const events = answerEvents(plan, { newline: '\n' })
  return events.map((event, i) => {
    const data = event.bytes.toString().slice('data: '.length).trimEnd()
    return { ...event, bytes: Buffer.from((i === 0 ? '[' : ',\r\n') + data + (i === events.length - 1 ? ']' : '')) }
  })
}

export function errorBody(status, message, type) {
  return { error: { code: status, message, status: type ?? kStatusNames[status] ?? 'UNKNOWN' } }
}

export function streamError(newline) {
  const events = new EventList(newline)
  events.add(null, errorBody(503, 'The model is overloaded. Please try again later.'))
  return events.list
}

export const countTokensJson = (tokens) => ({
  totalTokens: tokens,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens }],
})

export const modelListJson = (models) => ({
  models: models.map((id) => ({
    name: `models/${id}`,
    version: '001',
    displayName: id,
    inputTokenLimit: 1048576,
    outputTokenLimit: 65536,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  })),
})

export const responseHeaders = () => [
  ['vary', 'Origin'],
  ['vary', 'X-Origin'],
  ['vary', 'Referer'],
  ['server-timing', 'gfet4t7; dur=7'],
]

// Which vendor interface a request addresses, and whether it is a request that the vendor would take. Answers of other
// kinds than generation are here too.

import * as anthropic from './dialects/anthropic.mjs'
import * as chat from './dialects/openai_chat.mjs'
import * as embeddings from './dialects/openai_embeddings.mjs'
import * as gemini from './dialects/gemini.mjs'
import * as responses from './dialects/openai_responses.mjs'
import { Fault, isObject, need } from './dialects/rules.mjs'

export const kModels = {
  anthropic: ['claude-opus-5-5', 'claude-sonnet-5', 'claude-haiku-4-5'],
  openai: ['gpt-5.4', 'gpt-5-mini', 'text-embedding-3-small'],
  gemini: ['gemini-3.8-flash', 'gemini-3.5-flash-lite'],
}

const kPosts = {
  '/v1/messages': { dialect: anthropic, vendor: 'anthropic', operation: 'generate' },
  '/v1/messages/count_tokens': { dialect: anthropic, vendor: 'anthropic', operation: 'count' },
  '/v1/chat/completions': { dialect: chat, vendor: 'openai', operation: 'generate' },
  '/v1/responses': { dialect: responses, vendor: 'openai', operation: 'generate' },
  '/v1/embeddings': { dialect: embeddings, vendor: 'openai', operation: 'embed' },
}

function geminiRoute(request) {
  const match = /^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent|countTokens)$/.exec(request.path)
  if (!match) return null
  const operation = match[2] === 'countTokens' ? 'count' : 'generate'
  const stream = match[2] === 'streamGenerateContent'
  const sse = new URLSearchParams(request.query).get('alt') === 'sse'
  return { dialect: gemini, vendor: 'gemini', operation, model: decodeURIComponent(match[1]), stream, sse }
}

function listRoute(request) {
  if (request.path.startsWith('/v1beta/models')) return { dialect: gemini, vendor: 'gemini', operation: 'list' }
  if (!/^\/v1\/models(\/[^/]+)?$/.test(request.path)) return null
  if (request.header('anthropic-version') !== undefined)
    return { dialect: anthropic, vendor: 'anthropic', operation: 'list' }
  return { dialect: chat, vendor: 'openai', operation: 'list' }
}

// {dialect, vendor, operation, model?, stream?, sse?}, or null for a path that no vendor serves.
export function findRoute(request) {
  if (request.method === 'GET') return listRoute(request)
  if (request.method !== 'POST') return null
  return Object.hasOwn(kPosts, request.path) ? { ...kPosts[request.path], sse: true } : geminiRoute(request)
}

function parseBody(request) {
  const [type] = (request.header('content-type') ?? '').split(';')
  need(type.trim().toLowerCase() === 'application/json', 'content-type: application/json is required', 415)
  let text
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(request.body)
  } catch {
    throw new Fault('The request body is not valid UTF-8')
  }
  let body
  try {
    body = JSON.parse(text)
  } catch {
    throw new Fault('We could not parse the JSON body of your request')
  }
  need(isObject(body), 'The request body must be an object')
  return body
}

// What the request asks for, in common terms; throws a Fault with the vendor's complaint.
export function readRequest(route, request) {
  route.dialect.validateHead(request)
  if (route.operation === 'list') return { model: null, stream: false, bytes: 0 }
  const body = parseBody(request)
  route.dialect.validateBody(body, route.operation)
  const asked = { stream: route.stream ?? false, ...route.dialect.readBody(body), bytes: request.body.length }
  if (route.model !== undefined) asked.model = route.model
  return asked
}

// The pieces of a good answer: {contentType, pieces, streamed}.
export function goodAnswer(route, asked, plan, script) {
  const { dialect, operation } = route
  const json = (value) => ({
    contentType: 'application/json',
    streamed: false,
    pieces: [{ bytes: Buffer.from(JSON.stringify(value)), emitted: plan.usage.output, note: 'usage:all' }],
  })
  if (operation === 'list') return json(dialect.modelListJson(kModels[route.vendor]))
  if (operation === 'count') return json(dialect.countTokensJson(plan.usage.input))
  if (!asked.stream) return json(dialect.answerJson(plan))
  if (!route.sse)
    return { contentType: 'application/json; charset=UTF-8', streamed: true, pieces: dialect.answerArrayPieces(plan) }
  let pieces = dialect.answerEvents(plan, { newline: script.newline, includeUsage: asked.includeUsage })
  if (script.comments) {
    const comment = { bytes: Buffer.from(`: keep-alive${script.newline}${script.newline}`) }
    pieces = pieces.flatMap((piece) => [{ ...comment, emitted: piece.emitted }, piece])
  }
  if (script.end === 'error') {
    const sent = pieces.slice(0, script.after_events ?? Math.floor(pieces.length / 2))
    const emitted = sent.at(-1)?.emitted ?? 0
    pieces = [...sent, ...dialect.streamError(script.newline, plan).map((piece) => ({ ...piece, emitted }))]
  }
  return { contentType: 'text/event-stream; charset=utf-8', streamed: true, pieces }
}

export { Fault }

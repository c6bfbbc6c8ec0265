// What OpenAI's three interfaces have in common: the key's place, error bodies, model lists, response headers.

import { isObject, need, needString } from './rules.mjs'

export const credentialPlaces = [['authorization', 'Bearer ']]

const kErrorTypes = {
  400: 'invalid_request_error',
  401: 'invalid_request_error',
  403: 'invalid_request_error',
  404: 'invalid_request_error',
  429: 'insufficient_quota',
}

export function errorBody(status, message, type) {
  const codes = { 401: 'invalid_api_key', 404: 'model_not_found', 429: 'insufficient_quota' }
  return {
    error: { message, type: type ?? kErrorTypes[status] ?? 'server_error', param: null, code: codes[status] ?? null },
  }
}

export const modelListJson = (models) => ({
  object: 'list',
  data: models.map((id) => ({ id, object: 'model', created: 1767225600, owned_by: 'upstream' })),
})

export const responseHeaders = (plan) => [
  ['x-request-id', `req_upstream${plan?.id ?? 0}`],
  ['openai-organization', 'org-upstream'],
  ['openai-processing-ms', '7'],
  ['openai-version', '2020-10-01'],
  ['set-cookie', '__cf_bm=one; path=/; HttpOnly'],
  ['set-cookie', '_cfuvid=two; path=/; HttpOnly'],
]

export function validateHead() {}

export function validateTools(tools) {
  need(tools === undefined || Array.isArray(tools), 'tools: an array is required')
  for (const tool of tools ?? []) {
    need(isObject(tool), 'tools: objects are required')
    needString(tool.type, 'tools.type')
  }
}

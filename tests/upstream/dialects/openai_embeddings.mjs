// OpenAI Embeddings, as https://platform.openai.com/docs/api-reference/embeddings documents it.

import { knownFields, need, needString } from './rules.mjs'

export { credentialPlaces, errorBody, modelListJson, responseHeaders, validateHead } from './openai_common.mjs'

const kKnown = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user'])

export const name = 'openai-embeddings'

export function validateBody(body) {
  knownFields(body, kKnown, (field) => `Unrecognized request argument supplied: ${field}`)
  needString(body.model, 'model')
  const { input } = body
  need(
    (typeof input === 'string' && input !== '') || (Array.isArray(input) && input.length > 0),
    'input: a string or an array is required',
  )
}

export const readBody = (body) => ({ model: body.model, stream: false, tools: [], jsonSchema: null })

export function answerJson(plan) {
  const embedding = Array.from({ length: 8 }, () => plan.random.fraction() * 2 - 1)
  const { input } = plan.usage
  return {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model: plan.model,
    usage: { prompt_tokens: input, total_tokens: input },
  }
}

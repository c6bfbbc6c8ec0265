// Requests of the control API, as tests send them.

import assert from 'node:assert/strict'

// `reeve`: the server; `secret`: of the key. Resolves with the status, the parsed body and the ETag. Every answer is
// held to the description that the server gives of itself, but where a test only measures (no API_MODULES).
export function apiClient(reeve, secret) {
  return async (method, path, sent, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${reeve.port}/api/v1${path}`, {
      method,
      headers: { ...(secret ? { authorization: `Bearer ${secret}` } : {}), ...headers },
      body: sent === undefined || typeof sent === 'string' ? sent : JSON.stringify(sent),
    })
    const type = response.headers.get('content-type')
    const etag = response.headers.get('etag')
    // A stream of events does not end by itself.
    const streams = type === 'text/event-stream'
    if (streams) await response.body.cancel()
    const body = streams ? {} : await response.json()
    const answer = { status: response.status, type, etag, headers: response.headers, body }
    const { contractOf } = process.env.API_MODULES ? await import('./contract.mjs') : {}
    if (contractOf) (await contractOf(reeve)).check(method, `/api/v1${path}`, answer)
    return answer
  }
}

// `pointer`: of the member at fault.
export function assertProblem(answer, status, pointer) {
  const found = [answer.status, answer.type, answer.body.status]
  assert.deepEqual(found, [status, 'application/problem+json', status], JSON.stringify(answer.body))
  assert.ok(answer.body.title && answer.body.detail && answer.body.type)
  if (pointer) assert.equal(answer.body.errors[0].pointer, pointer, JSON.stringify(answer.body))
}

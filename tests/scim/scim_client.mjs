// Requests of SCIM, as tests send them.

import assert from 'node:assert/strict'

export const kUser = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const kGroup = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const kEnterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
export const kPatch = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
export const kBulk = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const kError = 'urn:ietf:params:scim:api:messages:2.0:Error'

// `reeve`: the server; `secret`: of a key with scopes of scim.
// `from`: header fields that say where the request comes from.
export function scimClient(reeve, secret, from = {}) {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${reeve.port}/scim/v2${path}`, {
      method,
      headers: {
        ...(secret ? { authorization: `Bearer ${secret}` } : {}),
        'content-type': 'application/scim+json',
        ...headers,
        ...from,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    const etag = response.headers.get('etag')
    return { status: response.status, etag, headers: response.headers, body: text ? JSON.parse(text) : undefined }
  }
}

export const user = (userName, more = {}) => ({ schemas: [kUser], userName, ...more })
export const group = (displayName, ids = []) => ({
  schemas: [kGroup],
  displayName,
  ...(ids.length ? { members: ids.map((value) => ({ value })) } : {}),
})
export const patch = (...operations) => ({ schemas: [kPatch], Operations: operations })

export function assertError(answer, status, scimType) {
  assert.equal(answer.status, status, JSON.stringify(answer.body))
  assert.deepEqual(answer.body.schemas, [kError])
  assert.equal(answer.body.status, String(status))
  assert.ok(answer.body.detail)
  if (scimType) assert.equal(answer.body.scimType, scimType, answer.body.detail)
}

export async function until(what, holds, seconds = 20) {
  for (let i = 0; i < seconds * 20; i++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`${what}: not within ${seconds} s`)
}

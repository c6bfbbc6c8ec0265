// What both tests of exports play on: a set-up with the practice model, and calls through it.

export const kSetup = `providers:
  - {name: practice, dialect: practice}
models:
  - {name: "practice-*", provider: practice, tier: small}
`

export const kRules = `kind: Policy
name: everyone
on: model.call
effect: allow
---
kind: Policy
name: not-this-one
on: model.call
when: model.name == "practice-forbidden"
effect: deny
message: Not this one.
---
kind: Policy
name: without-addresses
on: model.call
when: content.findings.exists(f, f.class == "pii")
effect: redact
with: token
classes: [pii]
message: Replaced.
`

export async function callModel(reeve, key, options = {}) {
  const { model = 'practice-small', stream = false, session, workItem, content = 'Hello' } = options
  const headers = { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' }
  if (session) headers['x-reeve-session'] = session
  if (workItem) headers['x-reeve-work-item'] = workItem
  const body = JSON.stringify({ model, max_tokens: 64, stream, messages: [{ role: 'user', content }] })
  const response = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, { method: 'POST', headers, body })
  return { status: response.status, text: await response.text() }
}

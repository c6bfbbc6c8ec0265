// A person who is signed in leaves the company: what they have ends at once, and every refusal says that the directory
// ended their access and whom to ask; none sends them to sign in again, for that would be refused, too.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { kDialects, streaming } from '../kill/streams.mjs'
import { patch, scimClient, until, user } from '../scim/scim_client.mjs'
import { UpstreamProcess } from '../upstream/upstream_process.mjs'
import { post, signIn, startBoth, tokenOf } from './signing_in.mjs'

const kWhyAndWhom = /directory ended the access of dev@example\.com.*identity provider/
const active = (value) => patch({ op: 'replace', path: 'active', value })

let upstream, both, reeve, scim, person, tokens

before(async () => {
  upstream = await new UpstreamProcess().start()
  both = await startBoth('  directory: optional\n', { providers: upstream.reeveConfig() })
  reeve = both.reeve
  const { secret } = await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')
  scim = scimClient(reeve, secret)
  person = (await scim('POST', '/Users', user('dev@example.com'))).body.id
  tokens = await signIn(reeve)
})
after(() => {
  both?.end()
  upstream?.stop()
})

async function refusalOf(dialect, token) {
  const { path, credential, body } = kDialects[dialect]
  const response = await fetch(`${reeve.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...credential(token) },
    body: JSON.stringify(body(undefined, true)),
  })
  return { status: response.status, text: await response.text() }
}

test('a stream under way ends with the reason', async () => {
  const streams = await Promise.all(
    ['anthropic', 'chat', 'responses'].map((dialect) => streaming(reeve, tokens.access_token, { dialect })),
  )
  assert.equal((await scim('PATCH', `/Users/${person}`, active(false))).status, 200)
  for (const { text } of await Promise.all(streams.map(({ ended }) => ended))) {
    assert.match(text, /the directory does not have them as active.*identity provider/)
  }
})

test('the next call says so in each dialect', async () => {
  for (const dialect of Object.keys(kDialects)) {
    const { status, text } = await refusalOf(dialect, tokens.access_token)
    assert.equal(status, 401, text)
    assert.match(text, kWhyAndWhom)
    assert.doesNotMatch(text, /[Ss]ign in/)
  }
})

test('what renews the sign-in says so', async () => {
  const { body } = await tokenOf(reeve, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
  assert.equal(body.error, 'invalid_grant')
  assert.match(body.error_description, kWhyAndWhom)
})

test('who comes back signs in anew, and what they had before stays void', async () => {
  assert.equal((await scim('PATCH', `/Users/${person}`, active(true))).status, 200)
  const { text } = await refusalOf('anthropic', tokens.access_token)
  assert.match(text, /sign in anew/)
  const fresh = await signIn(reeve)
  await until('they are back', async () => {
    const response = await fetch(`${reeve.url}/v1/models`, {
      headers: { authorization: `Bearer ${fresh.access_token}` },
    })
    return response.status === 200
  })
  // And one who signed out by themselves is no leaver.
  assert.equal((await post(`${reeve.url}/oauth/revoke`, { token: fresh.access_token })).status, 200)
  const out = await refusalOf('anthropic', fresh.access_token)
  assert.match(out.text, /This sign-in has ended\. Sign in again/)
})

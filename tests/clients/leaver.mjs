// A person leaves while Claude Code works for them: the company's provider deactivates them over SCIM, and the answer
// that is being written, the next call, the renewal of the sign-in and a new sign-in end, each in words that a person
// understands. See README.md.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { patch, scimClient, user } from '../scim/scim_client.mjs'
import { entriesOf, post, startBoth } from '../sign-in/signing_in.mjs'
import { UpstreamProcess } from '../upstream/upstream_process.mjs'
import { ClaudeInTerminal } from './claude_in_terminal.mjs'

// Lines of the terminal may break anywhere between words.
const kWhyAndWhom = /directory\s+ended\s+the\s+access[^]*identity\s+provider/

let upstream, both, reeve, claude, terminal, scim, person, kept

before(async () => {
  upstream = await new UpstreamProcess().start()
  // A long story, slowly told; what else the client asks for beside it is answered with it, too.
  const text = `Once upon a time ${'there was a mill by the river. '.repeat(400)}`
  const script = { text, pieces: 2000, delay_ms: 50 }
  await upstream.addRule({ script })
  const providers = upstream.reeveConfig()
  both = await startBoth('  directory: optional\n  tokens: {lifetime: 10m}\n', { providers })
  reeve = both.reeve
  const { secret } = await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')
  scim = scimClient(reeve, secret)
  person = (await scim('POST', '/Users', user('dev@example.com'))).body.id
  claude = await new ClaudeInTerminal().open(reeve)
  terminal = claude.terminal
})
after(async () => {
  await claude?.end()
  both?.end()
  upstream?.stop()
})

test('a person is at work', async () => {
  await claude.signIn()
  kept = claude.kept()
  claude.ask('Tell me a story.')
  await terminal.shows(/there was a mill by the river/)
})

test('what is being written ends when they are deactivated, and says why', async () => {
  const left = await scim('PATCH', `/Users/${person}`, patch({ op: 'replace', path: 'active', value: false }))
  assert.equal(left.status, 200, JSON.stringify(left.body))
  // The client asks once more by itself, so what it shows in the end is what that call was told.
  await terminal.shows(kWhyAndWhom)
  const killed = (await entriesOf(reeve, 'model.outcome')).filter(({ outcome }) => outcome.status === 'killed')
  assert.ok(killed.length >= 1)
  assert.ok(killed.every(({ principal }) => principal.id === 'dev@example.com'))
})

test('the next call is refused, and says whom to ask', async () => {
  claude.ask('Go on.')
  await terminal.shows(new RegExp(`Go on\\.[^]*${kWhyAndWhom.source}`))
  const refused = (await entriesOf(reeve, 'model.outcome')).filter(({ outcome }) => outcome.status === 'refused')
  assert.ok(refused.length >= 1)
})

test('the sign-in is not renewed', async () => {
  const token = kept.idpRefreshToken
  assert.ok(token, `what it keeps: ${Object.keys(kept)}`)
  const form = { grant_type: 'refresh_token', refresh_token: token, client_id: 'claude-code' }
  const refused = await post(`${reeve.url}/oauth/token`, form)
  assert.equal(refused.body.error, 'invalid_grant', JSON.stringify(refused.body))
  assert.match(refused.body.error_description, kWhyAndWhom)
})

test('and they cannot sign in again', async () => {
  claude.ask('/login')
  const page = await claude.enter(await claude.code())
  await page.getByText(/deactivated in the directory/).waitFor()
  assert.doesNotMatch(await page.textContent('main'), /Sign this device in\?/)
  const [entry] = (await entriesOf(reeve, 'identity.refused')).slice(-1)
  assert.match(JSON.stringify(entry.detail), /dev@example\.com|deactivated/)
})

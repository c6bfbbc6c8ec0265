// Claude Code signs in through Reeve as its owner does: in a terminal, with a code that a real browser confirms at a
// real identity provider. Then a call, the organisation's settings, and the way out. See README.md.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { claimsOf, entriesOf, post, startBoth } from '../sign-in/signing_in.mjs'
import { ClaudeInTerminal } from './claude_in_terminal.mjs'

const kSettings = `kind: ClientSettings
name: baseline
client: claude-code
settings:
  companyAnnouncements: ["Governed by Example Corp."]
  permissions: {deny: [WebFetch]}
`
const kHouse = {
  governance: { 'settings.yaml': kSettings },
  providers: `providers: [{name: practice, dialect: practice}]
models: [{name: "claude-*", provider: practice}, {name: "practice-*", provider: practice}]
`,
}

let both, reeve, claude, terminal

before(async () => {
  both = await startBoth('  tokens: {lifetime: 10m}\n', kHouse)
  reeve = both.reeve
  claude = await new ClaudeInTerminal().open(reeve)
  terminal = claude.terminal
})
after(async () => {
  await claude?.end()
  both?.end()
})

test('a person signs in from the terminal', async () => {
  await claude.signIn()
  const claims = claimsOf(claude.kept().jwt)
  assert.deepEqual([claims.sub, claims.client_id], ['dev@example.com', 'claude-code'])
  const [entry] = await entriesOf(reeve, 'identity.signed_in')
  assert.match(entry.detail.device, /^claude-code\/2\.1\.329/)
})

test('a call is answered, in the name of the person', async () => {
  claude.ask('Say hello.')
  await terminal.shows(/Simulated/i)
  const outcomes = (await entriesOf(reeve, 'model.outcome')).filter(({ outcome }) => outcome.status === 'ok')
  assert.equal(outcomes.at(-1).principal.id, 'dev@example.com')
  assert.equal(outcomes.at(-1).client, 'claude-code')
})

test('the organisation’s settings are in force', async () => {
  claude.ask('/status')
  await terminal.shows(/Gateway account: +dev@example\.com/)
  await terminal.shows(/Setting sources:.*Enterprise managed settings \(remote\)/)
  terminal.press('Escape')
  await terminal.hides(/Esc to close/)
})

test('after a revocation it says to sign in again', async () => {
  const revoked = await post(`${reeve.url}/oauth/revoke`, { token: claude.kept().jwt })
  assert.equal(revoked.status, 200)
  claude.ask('Say it again.')
  await terminal.shows(/Please run \/login|This sign-in has ended/)
  assert.match(terminal.screen(), /\/login/)
  const [entry] = await entriesOf(reeve, 'identity.sign_in_ended')
  assert.equal(entry.detail.person, 'dev@example.com')
})

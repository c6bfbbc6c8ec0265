// Each scope ends what it names and nothing else.

import assert from 'node:assert/strict'
import test from 'node:test'
import { call, goesOn, startBoth, streaming } from './streams.mjs'

const kClaude = { 'user-agent': 'claude-cli/2.1.329 (external, cli)' }

test('each scope ends its own streams, refuses its own calls, and leaves others alone', async (t) => {
  const { reeve, upstream } = await startBoth()
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const ada = await reeve.createKey('ada@example.com', '--group', 'contractors')
  const bob = await reeve.createKey('bob@example.com', '--group', 'developers')
  const robot = await reeve.createKey('release-robot', '--type', 'agent')
  const agent = (id, parent) => ({
    headers: {
      ...kClaude,
      'x-claude-code-session-id': 'session-1',
      'x-claude-code-agent-id': id,
      ...(parent ? { 'x-claude-code-parent-agent-id': parent } : {}),
    },
  })
  const inSession = (id) => ({ headers: { 'x-reeve-session': id } })
  // The scope, who is covered, who is not: [key, options].
  const cases = [
    ['provider:openai', [ada, { dialect: 'chat' }], [ada, {}]],
    ['model:claude-opus-*', [ada, { model: 'claude-opus-4-5' }], [ada, { model: 'claude-haiku-4-5' }]],
    ['person:ada@example.com', [ada, {}], [bob, {}]],
    ['group:contractors', [ada, { dialect: 'gemini' }], [bob, { dialect: 'gemini' }]],
    [`key:${bob.id}`, [bob, {}], [ada, {}]],
    ['session:s-1', [ada, inSession('s-1')], [ada, inSession('s-2')]],
    ['agent:helper-1', [ada, agent('helper-1')], [ada, agent('helper-2')]],
    ['agent:lead', [ada, agent('helper-3', 'lead')], [ada, agent('helper-3', 'other')]],
    ['agent:release-robot', [robot, {}], [ada, {}]],
  ]
  for (const [scope, [key, options], [otherKey, otherOptions]] of cases) {
    const covered = await streaming(reeve, key.secret, options)
    const other = await streaming(reeve, otherKey.secret, otherOptions)
    const reason = `the case of ${scope}`
    const { id } = JSON.parse(await reeve.command('kill', 'on', '--scope', scope, '--reason', reason, '--json'))
    assert.match((await covered.ended).text, new RegExp(reason.replace('*', '\\*')), scope)
    assert.ok(await goesOn(other), `${scope} ended another stream`)
    const refused = await call(reeve, key.secret, options).ended
    assert.equal(refused.status, 400, scope)
    const short = { ...otherOptions, script: { events: 2 } }
    assert.equal((await call(reeve, otherKey.secret, short).ended).status, 200, scope)
    await reeve.command('kill', 'off', '--id', id, '--reason', 'over')
    const after = await call(reeve, key.secret, { ...options, script: { events: 2 } }).ended
    assert.equal(after.status, 200, `${scope} still holds`)
  }
  await reeve.command('kill', 'on', '--scope', 'mcp_server:github', '--reason', 'of no model call')
  assert.equal((await call(reeve, ada.secret, { script: { events: 2 } }).ended).status, 200)
})

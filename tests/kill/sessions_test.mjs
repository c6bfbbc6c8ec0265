// The recorded requests of real clients, each file as a sitting of its own: all its calls make one session, joined by
// what that client sends, or by key and time where it sends nothing.

import assert from 'node:assert/strict'
import test from 'node:test'
import { apiClient, assertProblem } from '../api/api_client.mjs'
import { loadRecordings } from '../fidelity/recordings.mjs'
import { entriesWith, failing, goesOn, startBoth, streaming } from './streams.mjs'

const kNames = {
  claude: 'claude-code',
  codex: 'codex',
  gemini: 'gemini-cli',
  opencode: 'opencode',
  copilot: 'copilot-cli',
}
// What these send names no session; Copilot with the Responses dialect has a prompt_cache_key.
const isUnnamed = (file) => /^(gemini|copilot)/.test(file) && file !== 'copilot-basic-responses'
const kAgents = { 'claude-subagent': 'agent-1', 'codex-subagent': 'child' }

// Recordings mask ids; here each file has its own again.
function unmasked(headers, session) {
  const isChild = headers.some(([name]) => name === 'x-codex-parent-thread-id')
  return headers.map(([name, value]) => {
    if (name === 'x-claude-code-agent-id') return [name, 'agent-1']
    if (name === 'thread-id') return [name, isChild ? 'child' : session]
    const names = ['x-claude-code-session-id', 'session-id', 'x-session-id', 'x-codex-parent-thread-id']
    return [name, names.includes(name) ? session : value]
  })
}

// Where no body was recorded at all.
function bodyFor(path) {
  const messages = [{ role: 'user', content: 'Go on.' }]
  if (path === '/v1/messages') return { model: 'claude-sonnet-4-5', max_tokens: 9, messages }
  if (path === '/v1/chat/completions') return { model: 'gpt-5', messages }
  if (path === '/v1/responses') return { model: 'gpt-5', input: 'Go on.' }
  return { contents: [{ role: 'user', parts: [{ text: 'Go on.' }] }] }
}

async function send(reeve, recording, body, secret, headers) {
  const [name, value] = recording.credential
  const response = await fetch(`http://127.0.0.1:${reeve.port}${recording.target}`, {
    method: recording.method,
    headers: [...headers, [name, value.replace('<redacted>', secret)]],
    body: JSON.stringify(body),
  })
  await response.text()
  assert.equal(response.status, 200, recording.name)
}

test('each recorded sitting is one session, with its sub-agents', async (t) => {
  const { reeve, upstream } = await startBoth()
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const files = {}
  for (const recording of loadRecordings({ outlines: true })) {
    const [file] = recording.name.split('#')
    files[file] = [...(files[file] ?? []), recording]
  }
  let calls = 0
  for (const [file, recordings] of Object.entries(files)) {
    const { secret } = await reeve.createKey(`${file}@example.com`)
    // Of some requests only the outline was recorded.
    const some = recordings.find(({ body }) => body)?.body ?? bodyFor(recordings[0].target.split('?')[0])
    for (const recording of recordings) {
      await send(reeve, recording, recording.body ?? some, secret, unmasked(recording.headers, file))
    }
    calls += recordings.length
  }
  const done = ({ outcome }) => outcome?.status === 'ok'
  while ((await entriesWith(reeve, done)).filter(done).length < calls) {
    await new Promise((tick) => setTimeout(tick, 100))
  }

  const scopes = ['--scope', 'control:read', '--scope', 'control:kill']
  const { secret } = await reeve.createKey('sec@example.com', ...scopes)
  const may = apiClient(reeve, secret)
  const { sessions } = (await may('GET', '/sessions?state=live')).body
  const who = sessions.map(({ person, client, session }) => [person, client, session].join(' ')).join('\n')
  assert.equal(sessions.length, Object.keys(files).length, who)
  for (const [file, recordings] of Object.entries(files)) {
    const client = file.split('-')[0]
    const session = sessions.find(({ person }) => person === `${file}@example.com`)
    assert.equal(session.client, kNames[client], file)
    assert.equal(session.calls, recordings.length, file)
    assert.ok(session.cost_nanos > 0, file)
    assert.equal(session.named, !isUnnamed(file), file)
    if (session.named) {
      assert.equal(session.session, client === 'copilot' ? recordings[0].body.prompt_cache_key : file)
    } else {
      assert.match(session.session, /^~(gemini|copilot)-cli-/)
      assertProblem(await may('DELETE', `/sessions/${encodeURIComponent(session.session)}`, { reason: 'x' }), 400)
      assert.equal((await failing(reeve, 'session', 'end', session.session, '--reason', 'x')).code, 2)
    }
    const agents = kAgents[file] ? [kAgents[file]] : []
    assert.deepEqual(session.agents, agents, file)
    assert.deepEqual(
      session.sub_agents.map(({ id, depth, parent }) => [id, depth, parent]),
      agents.map((id) => [id, 0, undefined]),
      'started by the session itself',
    )
    for (const agent of session.sub_agents) assert.ok(agent.cost_nanos > 0 && agent.cost_nanos < session.cost_nanos)
  }
  // The same by the command, from the ledger alone.
  const listed = JSON.parse(await reeve.command('session', 'list', '--json')).sessions
  assert.deepEqual(listed.map(({ session }) => session).sort(), sessions.map(({ session }) => session).sort())
  assert.match(await reeve.command('session', 'list'), /codex-subagent .*\n +└ child +idle/)
  assert.match(await reeve.command('session', 'show', 'claude-subagent'), /└ agent-1/)
  assert.match(await reeve.command('session', 'list', '--live'), /No session has a call under way/)
})

test('with a header of ours a client without names has sessions that can be ended', async (t) => {
  const { reeve, upstream } = await startBoth()
  t.after(() => {
    reeve.end()
    upstream.stop()
  })
  const { secret } = await reeve.createKey('ada@example.com')
  const agent = { 'user-agent': 'GeminiCLI/0.61.0 (linux)' }
  const gemini = (headers) => ({ dialect: 'gemini', headers: { ...agent, ...headers } })
  const unnamed = await streaming(reeve, secret, gemini({}))
  const one = await streaming(reeve, secret, gemini({ 'x-reeve-session': 'one' }))
  const two = await streaming(reeve, secret, gemini({ 'x-reeve-session': 'two' }))
  for (let i = 0; ; i++) {
    const live = JSON.parse(await reeve.command('session', 'list', '--live', '--json')).sessions
    if (live.length === 3) break
    assert.ok(i < 100, JSON.stringify(live))
    await new Promise((tick) => setTimeout(tick, 100))
  }
  await reeve.command('session', 'end', 'one', '--reason', 'it is enough')
  assert.match((await one.ended).text, /it is enough/)
  assert.ok(await goesOn(two))
  assert.ok(await goesOn(unnamed, 50))
  await reeve.command('kill', 'on', '--scope', 'all', '--reason', 'to end the test')
})

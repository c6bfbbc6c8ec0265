// An agent's permission for tools, in each dialect that carries them: what its request offers or speaks of, and what
// an answer calls, streamed and plain.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { kDialects } from '../kill/streams.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { scriptHeader } from '../upstream/script.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { kDomain } from './agent_house.mjs'

const kCalls = (name) => ({ tool: { name, input: { path: 'a.txt' } } })
// How each dialect offers a tool, and how a turn of before says that it was called.
const kShapes = {
  anthropic: {
    offer: (name) => ({ tools: [{ name, input_schema: { type: 'object' } }] }),
    turn: (name) => ({
      messages: [
        { role: 'user', content: 'Go on.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name, input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'done' }] },
      ],
    }),
  },
  chat: {
    offer: (name) => ({ tools: [{ type: 'function', function: { name, parameters: {} } }] }),
    turn: (name) => ({
      messages: [
        { role: 'user', content: 'Go on.' },
        { role: 'assistant', tool_calls: [{ id: 't1', type: 'function', function: { name, arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 't1', content: 'done' },
      ],
    }),
  },
  responses: {
    offer: (name) => ({ tools: [{ type: 'function', name, parameters: {} }] }),
    turn: (name) => ({
      input: [
        { type: 'message', role: 'user', content: 'Go on.' },
        { type: 'function_call', call_id: 't1', name, arguments: '{}' },
        { type: 'function_call_output', call_id: 't1', output: 'done' },
      ],
    }),
  },
  gemini: {
    offer: (name) => ({ tools: [{ functionDeclarations: [{ name }] }] }),
    turn: (name) => ({
      contents: [
        { role: 'user', parts: [{ text: 'Go on.' }] },
        { role: 'model', parts: [{ functionCall: { name, args: {} } }] },
        { role: 'user', parts: [{ functionResponse: { name, response: {} } }] },
      ],
    }),
  },
}

let upstream, reeve, agent, free, person

before(async () => {
  upstream = await new UpstreamProcess().start()
  reeve = new Reeve({
    config: `${upstream.reeveConfig()}identity: {agents: {unregistered: refuse}}\n`,
    governance: { 'rules.yaml': kAllowEverything },
  })
  await reeve.start()
  agent = await agentKey('reader', '--tool', 'Read', '--tool', 'mcp__docs__*')
  free = await agentKey('free', '--tool', '*')
  person = (await reeve.createKey('dev@example.com')).secret
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

async function agentKey(id, ...tools) {
  const usual = ['--title', 'T', '--owner', 'dev@example.com', '--purpose', 'p', '--by', 'lead@example.com']
  const credential = ['--spiffe', `spiffe://${kDomain}/agent/${id}`]
  await reeve.command('agent', 'register', id, ...usual, '--model', '*', ...credential, ...tools)
  await reeve.command('agent', 'approve', id, '--by', 'security@example.com')
  return (await reeve.createKey(`agent:${id}`, '--type', 'agent')).secret
}

async function ask(secret, dialect, more = {}, { stream = false, script = {} } = {}) {
  const { path, credential, body } = kDialects[dialect]
  const plain = path.replace(':streamGenerateContent?alt=sse', ':generateContent')
  const response = await fetch(`http://127.0.0.1:${reeve.port}${stream ? path : plain}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...credential(secret),
      ...Object.fromEntries([scriptHeader({ events: 2, ...script })]),
    },
    body: JSON.stringify({ ...body(undefined, stream), ...more }),
  })
  const text = await response.text()
  return { status: response.status, text, request: response.headers.get('x-reeve-request-id') }
}
async function outcomeOf(request) {
  for (let i = 0; i < 100; i++) {
    const found = (await reeve.entries()).find((one) => one.request_id === request && one.kind === 'model.outcome')
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('no outcome')
}
const kNo = /An agent of this call may not use the tool 'Bash'; its owner asks for that with --tool/

for (const [dialect, { offer, turn }] of Object.entries(kShapes)) {
  test(`${dialect}: a request that offers the tool is refused by name, and recorded`, async () => {
    for (const more of [offer('Bash'), turn('Bash')]) {
      const refused = await ask(agent, dialect, more)
      assert.equal(refused.status, 400, refused.text)
      assert.match(refused.text, kNo)
      const entry = await outcomeOf(refused.request)
      assert.deepEqual([entry.outcome.status, entry.detail], ['refused', { tool: 'Bash' }])
    }
    for (const more of [offer('Read'), offer('mcp__docs__find'), turn('Read'), {}]) {
      const answer = await ask(agent, dialect, more)
      assert.equal(answer.status, 200, answer.text)
    }
    for (const secret of [free, person]) assert.equal((await ask(secret, dialect, offer('Bash'))).status, 200)
  })

  test(`${dialect}: an answer that calls the tool does not pass`, async () => {
    for (const stream of [false, true]) {
      const stopped = await ask(agent, dialect, offer('Read'), { stream, script: kCalls('Bash') })
      assert.match(stopped.text, kNo)
      assert.doesNotMatch(stopped.text, /a\.txt/)
      const entry = await outcomeOf(stopped.request)
      assert.equal(entry.outcome.status, 'answer_refused')
      assert.match(entry.outcome.reason, kNo)
      for (const [secret, tool] of [[agent, 'Read'], [free, 'Bash'], [person, 'Bash']]) {
        const passed = await ask(secret, dialect, offer(tool), { stream, script: kCalls(tool) })
        assert.equal(passed.status, 200, passed.text)
        assert.match(passed.text, new RegExp(tool))
        assert.equal((await outcomeOf(passed.request)).outcome.status, 'ok')
      }
    }
  })
}

test('an agent without any tool may be asked about none', async () => {
  const none = await agentKey('none')
  assert.equal((await ask(none, 'anthropic')).status, 200)
  assert.equal((await ask(none, 'anthropic', kShapes.anthropic.offer('Read'))).status, 400)
})

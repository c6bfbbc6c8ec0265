// From the request to the end of an agent: by commands, by the API with roles, and what rules and the ledger see of it.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { claimsOf, entriesOf } from '../sign-in/signing_in.mjs'
import { streaming } from '../kill/streams.mjs'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { AgentHouse, callModel, exchange, kDomain, send, signAgentIn } from './agent_house.mjs'

const run = promisify(execFile)
const kRoles = `---
kind: RoleBinding
name: developers
role: developer
groups: [developers]
---
kind: RoleBinding
name: approvers
role: approver
people: [other@example.com]
`
let house, reeve, sandbox

before(async () => {
  house = await new AgentHouse().start({ roles: kRoles })
  reeve = house.reeve
  sandbox = await new AgentHouse().start({ unregistered: 'sandbox' })
})
after(() => {
  house?.end()
  sandbox?.end()
})

const spiffe = (id) => ['--spiffe', `spiffe://${kDomain}/agent/${id}`]
const svid = (id, at = house) => at.svid({ sub: `spiffe://${kDomain}/agent/${id}` })

// A command that says no, with its exit code.
function refused(...args) {
  const files = ['--config', `${reeve.folder}/reeve.yaml`, '--data', `${reeve.folder}/data`]
  const { status, stdout, stderr } = spawnSync(kProgram, [...args, ...files], { encoding: 'utf8' })
  return { status, text: stdout + stderr }
}

test('an agent is nobody until somebody else approves it', async () => {
  await house.register('first', '--model', '*', ...spiffe('first'))
  const waiting = await signAgentIn(reeve, svid('first'))
  assert.match(waiting.text, /waits for approval/)
  for (const by of ['dev@example.com', 'DEV@example.com', 'lead@example.com']) {
    const own = refused('agent', 'approve', 'first', '--by', by)
    assert.deepEqual(
      [own.status, /Nobody approves an agent that they own or asked for/.test(own.text)],
      [1, true],
      own.text,
    )
  }
  const approved = await house.decide('approve', 'first')
  assert.deepEqual([approved.state, approved.decided_by], ['approved', 'security@example.com'])
  assert.equal((await callModel(reeve, await house.own(svid('first')))).status, 200)
  assert.match(await reeve.command('agent', 'list'), /first +approved +dev@example.com/)
  assert.match(await reeve.command('agent', 'show', 'first'), /SPIFFE ID +spiffe:\/\/corp/)
  assert.equal(refused('agent', 'show', 'nobody').status, 1)
})

test('what makes no sense is refused in words', () => {
  const usual = ['--title', 'T', '--owner', 'dev@example.com', '--purpose', 'p']
  for (const [words, ...args] of [
    [/a-z, 0-9 and hyphens/, 'agent', 'register', 'Bad_Name', ...usual, ...spiffe('x')],
    [/1 to 20 credentials/, 'agent', 'register', 'bare', ...usual],
    [/not a SPIFFE ID/, 'agent', 'register', 'bare', ...usual, '--spiffe', 'spiffe://CORP/x'],
    [/without a path/, 'agent', 'register', 'bare', ...usual, '--spiffe', 'spiffe://corp.example.com'],
    [/1 to 10 claims/, 'agent', 'register', 'bare', ...usual, '--workload', 'https://ci.example.com'],
    [
      /NAME=VALUE/,
      'agent',
      'register',
      'bare',
      ...usual,
      '--workload',
      'https://ci.example.com',
      '--claim',
      'repository',
    ],
    [
      /expired already|duration/,
      'agent',
      'register',
      'bare',
      ...usual,
      ...spiffe('x'),
      '--expires',
      '2020-01-01T00:00:00Z',
    ],
    [/speaks for the agent first/, 'agent', 'register', 'second', ...usual, ...spiffe('first')],
    [/registered already/, 'agent', 'register', 'first', ...usual, ...spiffe('y')],
    [/no agent/, 'agent', 'suspend', 'nobody', '--reason', 'r'],
  ]) {
    const answer = refused(...args)
    assert.ok(answer.status === 1 || answer.status === 2, `${args.join(' ')}: ${answer.status} ${answer.text}`)
    assert.match(answer.text, words)
  }
})

test('a card with a private key, of another agent or by another key is not registered', async () => {
  const file = `${house.folder}/bad.card`
  const usual = ['--title', 'T', '--owner', 'dev@example.com', '--purpose', 'p', '--card', file]
  const other = house.card('other')
  const [head, body] = other.split('.')
  const { ecKey, jwkOf, now, token } = await import('./jwt.mjs')
  const stranger = ecKey('card-1')
  const secret = house.cardKey.privateKey.export({ format: 'jwk' })
  const claims = (jwk) => ({ sub: 'carded', exp: now() + 600, jwks: { keys: [jwk] } })
  const typ = { typ: 'agent-card+jwt' }
  for (const [words, card] of [
    [/not that of the agent/, other],
    [/private key/, token(house.cardKey, claims({ ...secret, kid: 'card-1' }), typ)],
    [/not signed with one of its own keys/, token(stranger, claims(jwkOf(house.cardKey)), typ)],
    [/no agent card/, token(house.cardKey, claims(jwkOf(house.cardKey)))],
    [/signature/, `${head}.${body}.`],
    [/expired/, token(house.cardKey, { ...claims(jwkOf(house.cardKey)), exp: now() - 5 }, typ)],
  ]) {
    fs.writeFileSync(file, card)
    const answer = refused('agent', 'register', 'carded', ...usual)
    assert.equal(answer.status, 2)
    assert.match(answer.text, words)
  }
})

test('what is suspended stops with the next call, and goes on once it is approved again', async () => {
  await house.agent('paused', '--model', '*', ...spiffe('paused'))
  const token = await house.own(svid('paused'))
  assert.equal((await callModel(reeve, token)).status, 200)
  await house.decide('suspend', 'paused')
  const stopped = await callModel(reeve, token)
  assert.deepEqual([stopped.status, /suspended: a test decides/.test(stopped.text)], [401, true], stopped.text)
  await house.decide('approve', 'paused')
  assert.equal((await callModel(reeve, token)).status, 200)
  await house.register('paused', '--replace', '--model', 'practice-small', ...spiffe('paused'))
  assert.match((await callModel(reeve, token)).text, /waits for approval/)
  await house.decide('approve', 'paused')
  const beyond = await callModel(reeve, token, { model: 'practice-large' })
  assert.match(beyond.text, /may not use the model/)
  await house.decide('retire', 'paused')
  assert.equal(refused('agent', 'approve', 'paused', '--by', 'security@example.com').status, 1)
  assert.equal(
    refused(
      'agent',
      'register',
      'paused',
      '--replace',
      '--title',
      'T',
      '--owner',
      'a@example.com',
      '--purpose',
      'p',
      ...spiffe('p'),
    ).status,
    1,
  )
})

test('an agent that has expired is refused by the clock alone', async () => {
  const soon = new Date(Date.now() + 4000).toISOString()
  await house.agent('brief', '--model', '*', '--expires', soon, ...spiffe('brief'))
  const token = await house.own(svid('brief'))
  assert.equal((await callModel(reeve, token)).status, 200)
  for (;;) {
    const answer = await callModel(reeve, token)
    if (answer.status === 401) {
      assert.match(answer.text, /expired/)
      assert.ok(Date.now() >= Date.parse(soon))
      break
    }
    assert.ok(Date.now() < Date.parse(soon) + 5000, 'it goes on after its end')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
})

test("a job's token speaks for the agent whose claims it has, and a command exchanges it", async () => {
  const claims = ['--claim', 'repository=acme/payments', '--claim', 'protected=true']
  await house.agent('job', '--model', '*', '--workload', house.ci.issuer, ...claims)
  const file = `${house.folder}/job.token`
  fs.writeFileSync(file, await house.ci.tokenOf('job-main'))
  const exchanging = run(kProgram, ['agent', 'token', '--server', reeve.url, '--assertion-file', file])
  const { stdout: printed } = await exchanging
  assert.deepEqual([claimsOf(printed.trim()).sub, claimsOf(printed.trim()).principal_type], ['agent:job', 'agent'])
  assert.equal((await callModel(reeve, printed.trim())).status, 200)
  fs.writeFileSync(file, await house.ci.tokenOf('job-branch'))
  const no = await run(kProgram, ['agent', 'token', '--server', reeve.url, '--assertion-file', file]).catch(
    (error) => error,
  )
  assert.equal(no.code, 1)
  assert.match(no.stderr, /No agent is registered/)
})

test('rules, budgets and the ledger see a chain as it is proven', async () => {
  await house.agent('outer', '--model', '*', '--acts-for', 'group:payments', ...spiffe('outer'))
  await house.agent('inner', '--model', '*', '--acts-for', 'group:payments', ...spiffe('inner'))
  const person = await house.person()
  const chain = await exchange(reeve, person.access_token, await house.own(svid('outer')))
  const deeper = await exchange(reeve, chain.body.access_token, await house.own(svid('inner')))
  assert.deepEqual(deeper.body.chain, ['inner', 'outer'])
  assert.equal(deeper.body.person, 'dev@example.com')
  const answer = await callModel(reeve, deeper.body.access_token, { headers: { 'x-reeve-work-item': 'CHAIN-1' } })
  assert.equal(answer.status, 200, answer.text)
  const entry = (await entriesOf(reeve, 'model.intent')).find(({ work_item }) => work_item === 'CHAIN-1')
  assert.deepEqual(entry.agent, { chain: ['inner', 'outer'], id: 'inner', parent: 'outer' })
  const asked = await reeve.command('ledger', 'query', '"outer" in agent.chain', '--json')
  assert.match(asked, /CHAIN-1/)
  assert.deepEqual([entry.principal.id, entry.principal.type], ['dev@example.com', 'person'])
  const told = (await entriesOf(reeve, 'identity.delegated')).at(-1)
  assert.deepEqual([told.detail.chain, told.detail.person], [['inner', 'outer'], 'dev@example.com'])
  await reeve.command('kill', 'on', '--scope', 'agent:outer', '--reason', 'a drill')
  assert.match((await callModel(reeve, deeper.body.access_token)).text, /a drill/)
})

test("the API registers and decides, by role, and never about what is one's own", async () => {
  const [dev, other] = [await house.person(), await house.person('other@example.com')]
  const api = (person, method, where, body) =>
    send(reeve, `/api/v1/agents${where}`, {
      method,
      headers: { authorization: `Bearer ${person.access_token}` },
      body: body ? JSON.stringify(body) : '',
    })
  const wanted = {
    id: 'by-api',
    title: 'T',
    purpose: 'p',
    models: ['*'],
    spiffe: [`spiffe://${kDomain}/agent/by-api`],
  }
  const made = await api(dev, 'POST', '', wanted)
  assert.deepEqual([made.status, made.body.owner, made.body.state], [201, 'dev@example.com', 'requested'], made.text)
  assert.equal((await api(other, 'POST', '', { ...wanted, id: 'more' })).status, 403)
  assert.equal((await api(dev, 'POST', '/by-api', { decision: 'approve' })).status, 403)
  assert.equal((await api(dev, 'POST', '', wanted)).status, 409)
  assert.equal((await api(dev, 'POST', '', { ...wanted, state: 'approved' })).status, 400)
  assert.equal((await api(other, 'POST', '/by-api', { decision: 'bless' })).status, 400)
  assert.equal((await api(other, 'POST', '/by-api', { decision: 'deny' })).status, 400)
  const own = await api(other, 'POST', '/own', { decision: 'approve' })
  assert.equal(own.status, 404)
  await house.register('others-own', '--model', '*', ...spiffe('others-own'), '--owner', 'other@example.com')
  assert.equal((await api(other, 'POST', '/others-own', { decision: 'approve' })).status, 403)
  const approved = await api(other, 'POST', '/by-api', { decision: 'approve' })
  assert.deepEqual([approved.status, approved.body.state], [200, 'approved'], approved.text)
  assert.equal((await api(other, 'POST', '/by-api', { decision: 'approve' })).status, 409)
  assert.equal((await callModel(reeve, await house.own(svid('by-api')))).status, 200)
  // Who registers could else stop everybody's agents.
  await house.agent('production', '--model', '*', ...spiffe('production'), '--owner', 'other@example.com')
  const stopped = await api(dev, 'PUT', '/production', { ...wanted, id: 'production', spiffe: [] })
  assert.deepEqual([stopped.status, /owner and for whoever asked/.test(stopped.text)], [403, true], stopped.text)
  assert.equal((await api(other, 'GET', '/production')).body.state, 'approved')
  const again = await api(dev, 'PUT', '/by-api', { ...wanted, models: ['practice-small'] })
  assert.deepEqual([again.status, again.body.state, again.body.version], [200, 'requested', 3], again.text)
  const list = await api(other, 'GET', '?state=requested')
  assert.ok(list.body.agents.some(({ id }) => id === 'by-api'))
  // What was noted with the change reaches the ledger within a second.
  let kinds = []
  for (let i = 0; kinds.length === 0 && i < 100; i++) {
    kinds = (await entriesOf(reeve, 'agent.approved')).filter(({ detail }) => detail.id === 'by-api')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.deepEqual(
    kinds.map(({ detail }) => detail.decided_by),
    ['other@example.com'],
  )
})

test('a key of an agent is bound to the register, too', async () => {
  await house.agent('keyed', '--model', 'practice-small', ...spiffe('keyed'))
  const { secret } = await reeve.createKey('agent:keyed', '--type', 'agent')
  assert.equal((await callModel(reeve, secret)).status, 200)
  assert.match((await callModel(reeve, secret, { model: 'practice-large' })).text, /may not use the model/)
  const loose = await reeve.createKey('dev@example.com', '--type', 'agent')
  assert.match((await callModel(reeve, loose.secret)).text, /not registered/)
  await house.decide('retire', 'keyed')
  assert.equal((await callModel(reeve, secret)).status, 401)
  assert.equal(refused('key', 'create', '--owner', 'agent:keyed').status, 2)
})

test('where the sandbox is open, strangers act in it, and what was decided against does not', async () => {
  const known = await signAgentIn(sandbox.reeve, svid('stranger', sandbox))
  assert.deepEqual([known.status, known.body.groups, known.body.chain], [200, ['sandbox'], []], known.text)
  assert.equal((await callModel(sandbox.reeve, known.body.access_token)).status, 200)
  assert.match(
    (await callModel(sandbox.reeve, known.body.access_token, { model: 'practice-large' })).text,
    /sandbox has small/,
  )
  const person = await sandbox.person()
  assert.match(
    (await exchange(sandbox.reeve, person.access_token, known.body.access_token)).text,
    /registered agent for itself/,
  )
  await sandbox.register('asked', '--model', '*', ...spiffe('asked'))
  assert.equal((await signAgentIn(sandbox.reeve, svid('asked', sandbox))).body.groups[0], 'sandbox')
  await sandbox.decide('deny', 'asked')
  assert.match((await signAgentIn(sandbox.reeve, svid('asked', sandbox))).text, /was denied: a test decides/)
  assert.equal((await signAgentIn(sandbox.reeve, sandbox.svid({ sub: 'spiffe://evil.example.com/x' }))).status, 400)
})

test('a stream ends, with the reason, when its agent is suspended', async () => {
  const upstream = await new UpstreamProcess().start()
  const streamer = new Reeve({
    config: `${upstream.reeveConfig()}identity: {agents: {unregistered: refuse}}\n`,
    governance: { 'rules.yaml': kAllowEverything },
  })
  try {
    await streamer.start()
    const usual = ['--title', 'T', '--owner', 'dev@example.com', '--purpose', 'p', '--by', 'lead@example.com']
    await streamer.command('agent', 'register', 'streaming', ...usual, '--model', '*', ...spiffe('streaming'))
    await streamer.command('agent', 'approve', 'streaming', '--by', 'security@example.com')
    const { secret } = await streamer.createKey('agent:streaming', '--type', 'agent')
    const stream = await streaming(streamer, secret)
    await streamer.command(
      'agent',
      'suspend',
      'streaming',
      '--by',
      'security@example.com',
      '--reason',
      'it runs wild',
    )
    assert.match((await stream.ended).text, /it runs wild/)
  } finally {
    streamer.end()
    upstream.stop()
  }
})

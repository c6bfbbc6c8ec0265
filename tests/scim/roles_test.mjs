// People at the control API: what their roles give, what keys' scopes still give machines, and break-glass.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { group, patch, scimClient, until, user } from './scim_client.mjs'

const kRoles = `kind: RoleBinding
name: administrators
role: administrator
groups: [platform-admins]
---
kind: RoleBinding
name: auditors
role: auditor
groups: [audit]
---
kind: RoleBinding
name: viewers
role: viewer
people: [vera@example.com]
`
const kBudget = { window: 'month', limit: { requests: 100 } }

async function start(t, roles = kRoles) {
  const upstream = await new UpstreamProcess().start()
  t.after(() => upstream.stop())
  const reeve = new Reeve({
    config: `${upstream.reeveConfig()}identity:\n  directory: required\n`,
    governance: { 'rules.yaml': kAllowEverything, ...(roles ? { 'roles.yaml': roles } : {}) },
  })
  t.after(() => reeve.end())
  await reeve.start()
  const scim = scimClient(reeve, (await reeve.createKey('idp', '--type', 'service', '--scope', 'scim:*')).secret)
  const ask = async (secret, method, where, body) => {
    const response = await fetch(`http://127.0.0.1:${reeve.port}${where}`, {
      method,
      headers: { authorization: `Bearer ${secret}` },
      body: body && JSON.stringify(body),
    })
    return { status: response.status, text: await response.text() }
  }
  return { reeve, scim, ask }
}

test('people get what their roles give; machines what their scopes name', async (t) => {
  const { reeve, scim, ask } = await start(t)
  const ids = {}
  for (const name of ['ada', 'grace', 'vera', 'eve']) {
    ids[name] = (await scim('POST', '/Users', user(`${name}@example.com`))).body.id
  }
  const admins = (await scim('POST', '/Groups', group('platform-admins', [ids.ada]))).body
  await scim('POST', '/Groups', group('audit', [ids.grace]))
  const key = async (name, ...options) => (await reeve.createKey(`${name}@example.com`, ...options)).secret
  const all = ['--scope', 'control:*']
  const [ada, grace, vera, eve] = [
    await key('ada', ...all), await key('grace', ...all), await key('vera', ...all), await key('eve', ...all),
  ]
  const status = async (...request) => (await ask(...request)).status

  assert.equal(await status(ada, 'PUT', '/api/v1/budgets/one', kBudget), 201)
  assert.equal(await status(ada, 'GET', '/api/v1/ledger/entries'), 403, 'an administrator is no auditor')
  assert.equal(await status(vera, 'GET', '/api/v1/budgets'), 200)
  assert.equal(await status(vera, 'PUT', '/api/v1/budgets/two', kBudget), 403)
  assert.equal(await status(grace, 'PUT', '/api/v1/budgets/two', kBudget), 403)
  await until('the index is there', async () => (await status(grace, 'GET', '/api/v1/ledger/entries')) === 200)
  const none = await ask(eve, 'GET', '/api/v1/budgets')
  assert.equal(none.status, 403)
  assert.match(none.text, /budgets\.read/)

  // A scope gives a person nothing that the role does not, and a key no more than it names.
  assert.equal(await status(await key('ada'), 'GET', '/api/v1/budgets'), 403, 'a key for a tool')
  assert.equal(await status(await key('ada', '--scope', 'models:*'), 'GET', '/api/v1/budgets'), 403)
  const narrow = await key('ada', '--scope', 'control:read')
  assert.equal(await status(narrow, 'GET', '/api/v1/budgets'), 200)
  assert.equal(await status(narrow, 'PUT', '/api/v1/budgets/two', kBudget), 403)
  const machine = await key('ci', '--type', 'service', '--scope', 'control:read')
  assert.equal(await status(machine, 'GET', '/api/v1/budgets'), 200)
  assert.equal(await status(machine, 'PUT', '/api/v1/budgets/two', kBudget), 403)

  // Who is both administrator and auditor is neither.
  await scim('PATCH', `/Groups/${admins.id}`, patch({ op: 'add', path: 'members', value: [{ value: ids.grace }] }))
  const both = await ask(grace, 'GET', '/api/v1/ledger/entries')
  assert.equal(both.status, 403)
  assert.match(both.text, /exclude each other/)

  // With the group goes the role, at once.
  await scim('PATCH', `/Groups/${admins.id}`, patch({ op: 'remove', path: 'members' }))
  assert.equal(await status(ada, 'GET', '/api/v1/budgets'), 403)

  const who = JSON.parse(await reeve.command('role', 'who', 'grace@example.com', '--json'))
  assert.deepEqual(who.roles.map(({ role }) => role), ['auditor'])
  const list = JSON.parse(await reeve.command('role', 'list', '--json'))
  assert.deepEqual(list.map(({ role }) => role), [
    'viewer', 'developer', 'approver', 'policy-author', 'auditor', 'incident-commander', 'administrator',
  ])
  const files = ['--config', path.join(reeve.folder, 'reeve.yaml')]
  assert.equal(spawnSync(kProgram, ['role', 'who', 'eve@example.com', ...files]).status, 1)
})

test('bindings that cannot hold are found by the check', async (t) => {
  const { reeve } = await start(t)
  fs.writeFileSync(path.join(reeve.folder, 'governance', 'roles.yaml'), `${kRoles}---\n${kRoles}`)
  const check = spawnSync(kProgram, ['check', '--config', path.join(reeve.folder, 'reeve.yaml')])
  assert.notEqual(check.status, 0)
  assert.match(String(check.stdout) + String(check.stderr), /another RoleBinding/)
})

test('a binding that cannot be read at a start gives nobody anything until it is mended', async (t) => {
  const { reeve, scim, ask } = await start(t)
  await scim('POST', '/Users', user('vera@example.com'))
  const vera = (await reeve.createKey('vera@example.com', '--scope', 'control:*')).secret
  const machine = (await reeve.createKey('ci', '--type', 'service', '--scope', 'control:read')).secret
  const status = async (secret) => (await ask(secret, 'GET', '/api/v1/budgets')).status
  assert.equal(await status(vera), 200)
  const file = path.join(reeve.folder, 'governance', 'roles.yaml')
  for (const broken of [kRoles.replace('role: viewer', 'role: king'), kRoles.replace('[audit]', 'audit')]) {
    assert.equal(await reeve.stop(), 0)
    fs.writeFileSync(file, broken)
    await reeve.start()
    assert.equal(await status(vera), 403, 'the scope alone would give her everything')
    const put = await ask(vera, 'PUT', '/api/v1/budgets/one', kBudget)
    assert.deepEqual([put.status, /cannot be read/.test(put.text)], [403, true], put.text)
    assert.equal(await status(machine), 200)
    fs.writeFileSync(file, kRoles)
    await until('it is mended', async () => (await status(vera)) === 200)
  }
})

test('break-glass: opens once, for an hour at most, and everybody is told', async (t) => {
  const { reeve, ask } = await start(t)
  const run = (input, ...words) => {
    const files = ['--config', path.join(reeve.folder, 'reeve.yaml'), '--data', path.join(reeve.folder, 'data')]
    const done = spawnSync(kProgram, [...words, '--json', ...files], { input })
    return { status: done.status, body: done.stdout.length ? JSON.parse(done.stdout) : undefined }
  }
  const open = (code, ...more) => run(`${code}\n`, 'break-glass', 'open', '--reason', 'nobody is there', ...more)
  const health = async () => (await fetch(`http://127.0.0.1:${reeve.port}/healthz`)).text()

  assert.equal(run('', 'break-glass', 'status').body.state, 'none')
  assert.equal(open('AAAAA').status, 1)
  const { code } = run('', 'break-glass', 'seal').body
  assert.match(code, /^([A-Z0-9]{5}-){5}[A-Z0-9]{5}$/)
  assert.equal(run('', 'break-glass', 'status').body.state, 'sealed')
  assert.equal(open('AAAAA-AAAAA').status, 1)
  assert.equal(open(code, '--ttl', '2h').status, 2)
  assert.equal(await health(), 'ok\n')
  const opened = open(code.toLowerCase(), '--ttl', '10s')
  assert.equal(opened.status, 0, JSON.stringify(opened.body))
  assert.equal(open(code).status, 1, 'once')
  assert.equal((await ask(opened.body.secret, 'PUT', '/api/v1/budgets/one', kBudget)).status, 201)
  await until('the banner', async () => /BREAK-GLASS IS OPEN/.test(await health()))
  assert.doesNotMatch(await health(), /nobody is there/)
  assert.match(reeve.log(), /BREAK-GLASS IS OPEN.*nobody is there/)
  const status = run('', 'break-glass', 'status')
  assert.deepEqual([status.status, status.body.state, status.body.reason], [1, 'open', 'nobody is there'])
  await until('the ledger tells it', async () => {
    const kinds = (await reeve.entries()).map(({ kind }) => kind)
    return ['sealed', 'refused', 'opened'].every((step) => kinds.includes(`break_glass.${step}`))
  })
  const entries = JSON.stringify(await reeve.entries())
  assert.ok(!entries.includes(code) && !entries.includes(opened.body.secret))
  await until('closed again', async () => (await health()) === 'ok\n', 30)
  assert.equal((await ask(opened.body.secret, 'GET', '/api/v1/budgets')).status, 401)
})

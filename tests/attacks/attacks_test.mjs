// Every attack on tokens, keys, sign-in and provisioning that is made as a table, against the real program: each is
// refused with its status, and is in the ledger, or says why it is not. Prints how many there were.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Issuer } from '../hostile/issuer.mjs'
import { scimAttacks } from '../scim/attack_table.mjs'
import { assertError, group, scimClient, user } from '../scim/scim_client.mjs'
import { CompanyProvider } from '../sign-in/provider.mjs'
import { post, signIn } from '../sign-in/signing_in.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'
import { attack, checkRecords, count } from './attack_runner.mjs'
import { keyAttacks, makeKeys } from './key_attacks.mjs'
import { PoisonedIssuers } from './poisoned_issuers.mjs'
import { signInAttacks } from './sign_in_attacks.mjs'
import { tokenAttacks } from './token_attacks.mjs'

const kLeast = 150
const binding = (name, role, who) => `kind: RoleBinding\nname: ${name}\nrole: ${role}\npeople: [${who}]\n`
const kRoles = [
  binding('administrators', 'administrator', 'boss@example.com'),
  binding('auditors', 'auditor', 'audit@example.com, both@example.com'),
  binding('developers', 'developer', 'dev@example.com'),
].join('---\n')
// The role that excludes the other comes by a group, or the files could not be read.
const kExcluding = 'kind: RoleBinding\nname: both\nrole: administrator\ngroups: [admins]\n'

const issuer = new Issuer()
const stranger = new Issuer()
const poisoned = new PoisonedIssuers()
const desk = { issuer, stranger, poisoned, keys: {} } // tokens, keys, provisioning
const door = {} // people who sign in
const house = {} // of SCIM

async function open(world, node, more) {
  world.company = await new CompanyProvider().start()
  world.reeve = new Reeve({
    config: `ledger: {origin: reeve.example/${node}, node: ${node}}
workers: 1
providers: [{name: practice, dialect: practice}]
models: [{name: "practice-*", provider: practice}]
trusted_proxies: {addresses: [127.0.0.1]}
${world.company.reeveConfig(more)}`,
    governance: { 'rules.yaml': kAllowEverything, 'roles.yaml': `${kRoles}---\n${kExcluding}` },
  })
  await world.reeve.start()
  world.reeve.url = `http://127.0.0.1:${world.reeve.port}`
  world.company.serve(`${world.reeve.url}/sign-in/callback`)
  world.own = await signIn(world.reeve)
  world.over = await signIn(world.reeve)
  assert.equal((await post(`${world.reeve.url}/oauth/revoke`, { token: world.over.access_token })).status, 200)
}

// The tables name their addresses.
await Promise.all([issuer.start(), stranger.start(), poisoned.start()])

before(async () => {
  const provider = `    - {issuer: "${issuer.url}", audience: reeve}\n`
  await open(desk, 'desk', `${provider}${poisoned.config()}  directory: optional\n`)
  await open(door, 'door', '')
  desk.keys = await makeKeys(desk.reeve)
  desk.scim = (from) => scimClient(desk.reeve, desk.keys.idp.secret, from)
  const scim = desk.scim({})
  house.ada = (await scim('POST', '/Users', user('ada@example.com'))).body
  house.bob = (await scim('POST', '/Users', user('bob@example.com'))).body
  const both = (await scim('POST', '/Users', user('both@example.com'))).body
  house.team = (await scim('POST', '/Groups', group('team', [house.ada.id]))).body
  house.outer = (await scim('POST', '/Groups', group('outer', [house.team.id]))).body
  await scim('POST', '/Groups', group('admins', [both.id]))
})
after(() => {
  for (const world of [desk, door]) {
    world.reeve?.end()
    world.company?.end()
  }
  for (const server of [issuer, stranger]) server.stop()
  poisoned.end()
})

attack('token', tokenAttacks(desk))
attack('key', keyAttacks(desk))
attack('sign-in', signInAttacks(door))
attack('SCIM', Object.entries(scimAttacks(house)).map(([name, make]) => {
  const send = async (from) => {
    const [request, status, type] = make()
    assertError(await desk.scim(from)(...request), status, type)
    const looksInVain = request[0] === 'GET' && status >= 404 && status !== 405
    return { status, unrecorded: looksInVain ? 'providers look for what is not there before they make it' : undefined }
  }
  return [name, null, send]
}))

test('what is good still goes through', async () => {
  const ask = (where, secret) => fetch(`${desk.reeve.url}${where}`, { headers: { authorization: `Bearer ${secret}` } })
  assert.equal((await ask('/api/v1/budgets', desk.keys.admin.secret)).status, 200)
  assert.equal((await ask('/api/v1/sign-ins', desk.keys.auditor.secret)).status, 200)
  const models = await ask('/v1/models', desk.own.access_token)
  assert.equal(models.status, 200)
  assert.equal((await ask('/v1/models', issuer.token())).status, 200)
  const said = JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'Hello.' }] })
  const chat = await fetch(`${desk.reeve.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${desk.keys.chat.secret}`, 'content-type': 'application/json' },
    body: said,
  })
  assert.equal(chat.status, 200, await chat.text())
  await assert.rejects(desk.reeve.createKey('robot', '--scope', 'operations:embed'), ({ stderr, stdout }) =>
    /names no operation/.test(stdout + stderr),
  )
  const { body } = await desk.scim({})('GET', '/Users?sortBy=userName')
  const names = body.Resources.map(({ userName }) => userName)
  assert.deepEqual(names, ['ada@example.com', 'bob@example.com', 'both@example.com'])
  await signIn(door.reeve)
})

test('each is on record, and there are enough of them', async () => {
  await checkRecords(desk.reeve, ['token', 'key', 'SCIM'])
  await checkRecords(door.reeve, ['sign-in'])
  const { made, recorded, left } = count()
  console.log(`${made} attacks, all refused; ${recorded} recorded as identity.refused`)
  for (const [why, times] of Object.entries(left)) console.log(`${times} not recorded: ${why}`)
  assert.ok(made >= kLeast, String(made))
  for (const world of [desk, door]) {
    const written = JSON.stringify(await world.reeve.entries()) + world.reeve.log()
    const keys = Object.values(world.keys ?? {}).map(({ secret }) => secret)
    for (const secret of [world.own.access_token, world.own.refresh_token, ...keys]) {
      assert.ok(!written.includes(secret), 'a credential is in the ledger or the log')
    }
  }
})

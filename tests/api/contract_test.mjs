// The description and the server are one: a valid document of OpenAPI 3.1, everything in it served, nothing else
// served, every write and every sensitive read on record, and types that the console can rely on.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, test } from 'node:test'
import { call, startBoth } from '../budgets/calls.mjs'
import { kRoot } from '../upstream/reeve_process.mjs'
import { apiClient, assertProblem } from './api_client.mjs'
import { contractOf, requirePackage } from './contract.mjs'

const importPackage = (name) => import(pathToFileURL(requirePackage.resolve(name)).href)
const kBudget = 'kind: Budget\nname: each-person\neach: [person]\nwindow: month\nlimit: {requests: 100}\n'
let upstream, reeve, contract, ask

before(async () => {
  ;({ upstream, reeve } = await startBoth(kBudget))
  contract = await contractOf(reeve)
  ask = apiClient(
    reeve,
    (await reeve.createKey('a-machine', '--type', 'service', '--scope', 'control:*')).secret,
  )
  for (let i = 0; i < 300 && (await ask('GET', '/sessions')).status === 503; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})
after(() => {
  reeve?.end()
  upstream?.stop()
})

test('the description is a valid document of OpenAPI 3.1, and uses all that it defines', async () => {
  const { Validator } = await importPackage('@seriousme/openapi-schema-validator')
  const validator = new Validator()
  const judged = await validator.validate(structuredClone(contract.document))
  assert.ok(judged.valid, JSON.stringify(judged.errors))
  assert.equal(validator.version, '3.1')
  const text = JSON.stringify(contract.document)
  const schemas = Object.keys(contract.document.components.schemas)
  for (const name of schemas)
    assert.ok(text.includes(`"#/components/schemas/${name}"`), `${name} is used nowhere`)
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok(schemas.includes(name), name)
  const ids = contract.operations.map(({ operationId }) => operationId)
  assert.equal(new Set(ids).size, ids.length)
  for (const operation of contract.operations) {
    const about = `${operation.method} ${operation.path}`
    assert.match(operation['x-reeve-effect'], /^(read|recorded-read|write)$/, about)
    // What is asked with a body may be read by POST.
    if (operation.method === 'GET') assert.notEqual(operation['x-reeve-effect'], 'write', about)
    else assert.notEqual(operation['x-reeve-effect'], 'read', about)
    assert.match(operation['x-reeve-permission'], /^(none|[a-z]+\.[a-z]+)$/, about)
  }
})

test('every example fits its shape', () => {
  for (const [name, schema] of Object.entries(contract.document.components.schemas)) {
    for (const example of schema.examples ?? []) {
      assert.ok(contract.shapeOf(name)(example), `${name}: ${JSON.stringify(contract.shapeOf(name).errors)}`)
    }
  }
})

test('what is described is served, and nothing else is', async () => {
  const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']
  const paths = [
    ...Object.keys(contract.document.paths),
    '/api/v1',
    '/api/v1/',
    '/api/v1/budgets/',
    '/api/v1/keys',
  ]
  for (const template of [...paths, '/api/v1/exceptions/a/b', '/api/v2/budgets', '/api/v1/sign-ins/end/']) {
    const where = template.replace(/\{[^}]*\}/, 'nobodys')
    const served = contract.operations.filter((one) => one.fits.test(where)).map(({ method }) => method)
    for (const method of methods) {
      const response = await fetch(`http://127.0.0.1:${reeve.port}${where}`, {
        method,
        headers: await machine('walker'),
      })
      // A stream of events does not end by itself.
      const streams = response.headers.get('content-type') === 'text/event-stream'
      await (streams ? response.body.cancel() : response.text())
      const expected =
        served.length === 0
          ? response.status === 404
          : served.includes(method)
            ? true
            : response.status === 405
      assert.ok(expected, `${method} ${where} ${response.status}`)
      if (served.includes(method)) assert.ok(![405, 500].includes(response.status), `${method} ${where}`)
      if (response.status === 405)
        assert.deepEqual(response.headers.get('allow').split(', ').sort(), served.toSorted())
    }
  }
})

const made = new Map()
// The header of a machine's key. Who asks the same question within a minute is told of once, so each test is its own.
async function machine(owner) {
  const make = () => reeve.createKey(owner, '--type', 'service', '--scope', 'control:*')
  if (!made.has(owner)) made.set(owner, { authorization: `Bearer ${(await make()).secret}` })
  return made.get(owner)
}

const kAgent = {
  id: 'nightly-tests',
  title: 'Nightly tests',
  purpose: 'writes tests',
  owner: 'ada@example.com',
  spiffe: ['spiffe://example.com/nightly'],
}
// One request for each route that writes, or is a sensitive read; the kind of entry, and what the entry speaks of.
const kItem = { kind: 'model', title: 'A model', owner: 'lead@example.com' }
const kOnRecord = [
  ['PUT', '/budgets/{name}', 'audited', { window: 'month', limit: { requests: 5 } }, /budget\./],
  ['DELETE', '/budgets/{name}', 'audited', undefined, /budget\./],
  ['POST', '/agents', '', kAgent, /agent\./],
  ['PUT', '/agents/{id}', 'nightly-tests', { ...kAgent, title: 'Tests' }, /agent\./],
  ['POST', '/agents/{id}', 'nightly-tests', { decision: 'deny', reason: 'not now' }, /agent\./],
  ['POST', '/changes', '', { id: '1', repo: 'shop/api', at: '2026-11-23T12:00:00Z' }, /change\.merged/],
  ['POST', '/kill-switch', '', { scope: 'model:nothing-*', reason: 'a test' }, /kill\./],
  ['DELETE', '/kill-switch/{id}', null, { reason: 'over' }, /kill\./],
  ['DELETE', '/sessions/{session}', 'a-session', { reason: 'a test' }, /kill\./],
  ['GET', '/spend', '', undefined, /ledger\.read/],
  ['GET', '/reservations', '', undefined, /ledger\.read/],
  ['GET', '/spend/changes', '', undefined, /ledger\.read/],
  ['GET', '/spend/forecast', '', undefined, /ledger\.read/],
  ['GET', '/spend/advice', '', undefined, /ledger\.read/],
  ['GET', '/content/flows', '', undefined, /ledger\.read/],
  ['GET', '/ledger/entries', '', undefined, /ledger\.read/],
  ['GET', '/ledger/entries/{seq}', '1', undefined, /ledger\.read/],
  ['GET', '/sessions', '', undefined, /ledger\.read/],
  ['GET', '/sessions/{session}', 'a-session', undefined, /ledger\.read/],
  ['GET', '/decisions', '', undefined, /ledger\.read/],
  ['GET', '/events', '', undefined, /ledger\.read/],
  ['GET', '/content/findings', '', undefined, /ledger\.read/],
  ['GET', '/content/appeals', '', undefined, /ledger\.read/],
  ['GET', '/policy/shadow', '', undefined, /ledger\.read/],
  ['GET', '/people', '', undefined, /ledger\.read/],
  ['GET', '/people/{name}', 'dev@example.com', undefined, /ledger\.read/],
  ['GET', '/me/spend', '', undefined, /ledger\.read/],
  ['GET', '/me/sessions', '', undefined, /ledger\.read/],
  ['GET', '/me/decisions', '', undefined, /ledger\.read/],
  ['POST', '/inventory', '', kItem, /register\.item_registered/],
  ['GET', '/decisions/{seq}', ({ seq }) => seq, undefined, /ledger\.read/],
  ['POST', '/decisions/replay', '', {}, /ledger\.read/],
  ['POST', '/policy/replay', '', {}, /ledger\.read/],
  ['GET', '/policy/rules/{rule}', 'everyone', undefined, /ledger\.read/],
  ['POST', '/kill-switch/drills', '', { scope: 'all', reason: 'a test' }, /kill\.drilled/],
  ['DELETE', '/keys/{id}', ({ key }) => key, { reason: 'a test' }, /identity\.revocation_asked/],
]
// Those need somebody who has signed in, or approval policies; their own tests look at the entries.
const kElsewhere = [
  'POST /api/v1/exceptions',
  'POST /api/v1/exceptions/{id}',
  'POST /api/v1/sign-ins/end',
  'DELETE /api/v1/sign-ins/{id}',
  // tests/intake
  'POST /api/v1/intake',
  'POST /api/v1/intake/{id}/answers',
  'POST /api/v1/intake/{id}/reviews',
  'POST /api/v1/intake/{id}/decision',
  'DELETE /api/v1/intake/{id}',
  'PUT /api/v1/inventory/{id}',
  'POST /api/v1/inventory/{id}',
  // tests/console/reading_test.mjs
  'GET /api/v1/me/sessions/{session}',
  'POST /api/v1/content/appeals',
  'POST /api/v1/content/appeals/{appeal}',
  // tests/evidence
  'POST /api/v1/evidence',
  'GET /api/v1/evidence/{id}/file',
]

test('every write and every sensitive read is in the ledger', async () => {
  const caller = (await reeve.createKey('dev@example.com')).secret
  assert.equal((await call(reeve, caller, { headers: { 'x-reeve-session': 'a-session' } })).status, 200)
  const marked = contract.operations.filter((one) => one['x-reeve-effect'] !== 'read')
  const walked = kOnRecord.map(([method, template]) => `${method} /api/v1${template}`)
  const known = [...walked, ...kElsewhere].sort()
  const made = await reeve.createKey('somebody@example.com')
  let decided
  for (let i = 0; i < 100 && !decided; i++) {
    decided = (await reeve.entries()).find((one) => one.kind === 'model.intent')
    if (!decided) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const names = { key: made.id, seq: decided.seq }
  assert.deepEqual(marked.map(({ method, path }) => `${method} ${path}`).sort(), known, 'all that are marked')
  let cutoff
  let etag
  for (const [method, template, name, body, kind] of kOnRecord) {
    const reader = apiClient(reeve, (await machine('on-record')).authorization.slice(7))
    const before = (await reeve.entries()).length
    const named = typeof name === 'function' ? name(names) : name
    const where = template.replace(/\{[^}]*\}/, named ?? cutoff)
    const match = method === 'DELETE' && template.startsWith('/budgets') ? { 'if-match': etag } : {}
    let answer = await reader(method, where, body, match)
    for (let i = 0; i < 100 && answer.status === 404 && template.startsWith('/sessions/'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      answer = await reader(method, where, body, match)
    }
    assert.ok(answer.status < 300, `${method} ${where} ${JSON.stringify(answer.body)}`)
    if (method === 'POST' && template === '/kill-switch') cutoff = answer.body.id
    etag = answer.etag
    let found = []
    for (let i = 0; i < 60 && found.length === 0; i++) {
      const entries = (await reeve.entries()).slice(before)
      found = entries.filter((one) => kind.test(one.kind) && JSON.stringify(one).includes('on-record'))
      if (found.length === 0) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.ok(found.length > 0, `${method} ${where} left no entry`)
  }
})

test('providers are told without their keys', async () => {
  const { status, body } = await ask('GET', '/providers')
  assert.equal(status, 200)
  assert.ok(body.providers.length > 0 && body.providers.every(({ name }) => name))
  const told = JSON.parse(await reeve.command('provider', 'list', '--json'))
  assert.deepEqual(body.providers, told.providers)
  const config = fs.readFileSync(path.join(reeve.folder, 'reeve.yaml'), 'utf8')
  for (const [, secret] of config.matchAll(/api_key: *"?([^"\s,}]{8,})/g)) {
    assert.ok(!JSON.stringify(body).includes(secret))
  }
})

test('texts that no store takes are refused by name', async () => {
  assertProblem(await ask('GET', '/spend?by=%00'), 400)
  assertProblem(await ask('GET', '/sign-ins?person=%ff'), 400)
  assertProblem(await ask('GET', '/budgets/a%00b'), 404)
  assertProblem(await ask('GET', '/sessions/%c3%28'), 404)
})

test('the types of the console agree with the description', async () => {
  const { default: generated } = await importPackage('openapi-typescript')
  const contractText = generated.astToString(await generated.default(structuredClone(contract.document)))
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-types-'))
  try {
    fs.writeFileSync(path.join(folder, 'contract.ts'), contractText)
    fs.copyFileSync(path.join(kRoot, 'console/src/api.ts'), path.join(folder, 'api.ts'))
    fs.copyFileSync(new URL('console_types.ts', import.meta.url), path.join(folder, 'console_types.ts'))
    const compile = (file) =>
      execFileSync(
        process.execPath,
        [
          requirePackage.resolve('typescript/bin/tsc'),
          '--noEmit',
          '--strict',
          '--target',
          'es2022',
          '--lib',
          'es2023,dom,dom.iterable',
          '--module',
          'preserve',
          '--skipLibCheck',
          file,
        ],
        { cwd: folder, encoding: 'utf8' },
      )
    try {
      compile('console_types.ts')
    } catch (error) {
      assert.fail(error.stdout)
    }
    // It can fail: another type of one member is found.
    const bent = fs
      .readFileSync(path.join(folder, 'api.ts'), 'utf8')
      .replace('reason: string\n', 'reason: number\n')
    fs.writeFileSync(path.join(folder, 'api.ts'), bent)
    assert.throws(() => compile('console_types.ts'))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

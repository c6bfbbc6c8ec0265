// Secrets are planted wherever a house has some; then everything that was written, answered and printed is searched for
// them, as they are and in the usual encodings.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { call } from '../budgets/calls.mjs'
import { eventually, kSanitized } from '../faults/server.mjs'
import { kKeys } from '../upstream/upstream_process.mjs'
import { filesBelow, House, seal } from './sealed.mjs'

const kOidcSecret = 'canary-oidc-client-secret-7f3a'
const kHookSecret = 'canary-webhook-secret-19bd'
const kDatabasePassword = 'canary-database-password-55e1'
const kSpareKey = 'sk-ant-canary-spare-key-00c4'

function encodings(secret) {
  const bytes = Buffer.from(secret)
  // Without what depends on the bytes before and behind.
  const base64 = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').slice(4, -4))
  return [bytes, Buffer.from(bytes.toString('hex')), ...base64.map((text) => Buffer.from(text))]
}

function search(canaries, what, where, found) {
  const bytes = Buffer.isBuffer(what) ? what : Buffer.from(String(what))
  for (const [name, secret] of Object.entries(canaries)) {
    if (encodings(secret).some((form) => bytes.includes(form))) found.push(`${name} in ${where}`)
  }
}

test('no secret is in a file, an answer, a log, a metric, the ledger or what commands print', async (t) => {
  const house = new House(t, {
    more: 'ledger: {content: sealed}',
    governance: {
      'notify.yaml':
        'kind: Notification\nname: hook\non: [anomaly, provider.key_set_aside]\n' +
        'webhook: {url: "http://127.0.0.1:9/x", secret_file: HOOK}\n',
    },
  })
  const { server } = house
  const hook = path.join(server.folder, 'hook.secret')
  const rules = path.join(server.folder, 'governance', 'notify.yaml')
  fs.writeFileSync(rules, fs.readFileSync(rules, 'utf8').replace('HOOK', hook))
  await house.prepare()
  fs.writeFileSync(hook, await seal(server, 'file.hook.secret', kHookSecret))
  const sealedKeys = {
    main: await seal(server, 'providers.anthropic.api_keys.main', kKeys.anthropic),
    spare: await seal(server, 'providers.anthropic.api_keys.spare', kSpareKey),
    oidc: await seal(server, 'identity.oidc.house.client_secret', kOidcSecret),
    url: await seal(server, 'storage.postgres.url', `postgresql://reeve:${kDatabasePassword}@127.0.0.1:9/x`),
  }
  const config = (postgres) =>
    [
      house.sealing,
      'log: {level: debug, format: json}',
      postgres,
      'providers:',
      '  - name: anthropic',
      '    dialect: anthropic',
      `    base_url: "http://127.0.0.1:${house.upstream.port}"`,
      '    api_keys:',
      `      - {name: spare, api_key: "${sealedKeys.spare}", priority: 1}`,
      `      - {name: main, api_key: "${sealedKeys.main}", priority: 2}`,
      'models: [{name: "claude-*", provider: anthropic}]',
      'identity:',
      '  oidc:',
      '    - {name: house, issuer: "https://idp.example.com", audience: reeve, client_id: reeve, ' +
        `client_secret: "${sealedKeys.oidc}"}`,
      house.more,
      '',
    ].join('\n')
  const printed = []
  const codes = {}
  const run = async (...args) => {
    const { code, stdout, stderr } = await server.run(...args)
    codes[args.slice(0, 2).join(' ')] = code
    printed.push([args.join(' '), stdout + stderr])
  }

  // A database that is not there: what a failed start says.
  server.configure(config(`storage: {postgres: {url: "${sealedKeys.url}"}}`))
  printed.push(['a failed start', (await house.failToStart()).text])
  await run('check')
  await run('kill', 'list')

  server.configure(config(''))
  await server.start()
  const { secret } = await server.createKey('dev@example.com')
  // The vendor does not know the spare key: it is refused, and another takes over.
  assert.equal((await call(server, secret)).status, 200)
  assert.equal((await call(server, secret, { script: { status: 500 } })).status, 500)
  assert.ok((await call(server, 'rv_wrong')).status === 401)
  const answers = []
  for (const at of ['/metrics', '/healthz', '/readyz', '/v1/models', '/api/v1/openapi.json']) {
    const answer = await fetch(`http://127.0.0.1:${server.port}${at}`, { headers: { 'x-api-key': secret } })
    answers.push([at, await answer.text()])
  }
  server.process.kill('SIGHUP')
  assert.ok(await eventually(() => server.log().includes('"reloaded"')))
  await run('secret', 'list')
  await run('secret', 'list', '--json')
  await run('secret', 'rotate')
  await run('provider', 'list', '--json')
  await run('check')
  await run('key', 'list')
  await run('ledger', 'query', 'true', '--json')
  await run('ledger', 'verify')
  await run('backup', path.join(server.folder, 'backup'))
  await run('notifications', 'list', '--all')
  for (const command of ['secret list', 'secret rotate', 'provider list', 'ledger verify']) {
    assert.equal(codes[command], 0, command)
  }
  assert.match(fs.readFileSync(hook, 'utf8'), /^sealed:1\./)
  assert.match(server.log(), /a provider refuses a key/)
  // A sanitizer looks at the memory itself, and the program lets it.
  const limits = fs.readFileSync(`/proc/${server.process.pid}/limits`, 'utf8')
  if (!kSanitized) assert.match(limits, /Max core file size\s+0\s+0\s/)
  assert.equal(await server.stop(), 0)

  const canaries = {
    'the provider key': kKeys.anthropic,
    'the spare key': kSpareKey,
    'the client secret': kOidcSecret,
    "the webhook's secret": kHookSecret,
    "the database's password": kDatabasePassword,
    'the caller’s key': secret,
    'the sealing key': house.keyFileLines()[0],
  }
  const found = []
  const files = filesBelow(server.folder)
  for (const [file, content] of Object.entries(files)) {
    if (file !== house.keyFile) search(canaries, content, path.relative(server.folder, file), found)
  }
  for (const [what, text] of [...printed, ...answers]) search(canaries, text, what, found)
  assert.deepEqual(found, [])
  assert.ok(Object.keys(files).length > 20 && server.log().length > 500, 'there was hardly anything to search')

  // The search itself can find something.
  const hidden = Buffer.from(`ab${kKeys.anthropic}yz`).toString('base64')
  search({ canary: kKeys.anthropic }, `x${hidden}`, 'a', found)
  assert.deepEqual(found, ['canary in a'])
})

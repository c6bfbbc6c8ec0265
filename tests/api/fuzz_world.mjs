// What the fuzzer runs against: the program with rules, detectors and people of every kind, and some of everything in
// it, so that what is asked for is there.

import fs from 'node:fs'
import path from 'node:path'
import { call, kPrices } from '../budgets/calls.mjs'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { detectorFiles, kRoot, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { apiClient } from './api_client.mjs'

// The fuzzer itself is not held back.
const kLimits = ['per_second', 'burst', 'unknown_per_second', 'unknown_burst'].map(
  (name) => `api_${name}: 1000000`,
)
const kBudget = 'kind: Budget\nname: each-person\neach: [person]\nwindow: month\nlimit: {requests: 3000}\n'
const kDenied =
  'kind: Policy\nname: no-gpt\nowner: tests\non: model.call\nwhen: model.name.startsWith("gpt")\neffect: deny\n' +
  'message: Not that one.\n'
const kGroups = [
  'governance-council',
  'security-reviewers',
  'privacy-reviewers',
  'legal-reviewers',
  'engineering-leads',
]
const kRoles = [
  'viewer',
  'developer',
  'approver',
  'policy-author',
  'auditor',
  'incident-commander',
  'administrator',
]
// All the answers of the shipped questions: tier 1.
// prettier-ignore
export const kAnswers = {
  purpose: 'tests', users: 'developers', provider: 'anthropic', data: 'internal', autonomy: 'suggests', people: 'no',
  where: 'own_cloud', region: 'eu', training: 'none', stage: 'development',
}

function governance() {
  const shipped = ['intake/questions.yaml', 'reviews', 'approvals'].flatMap((name) => {
    const where = path.join(kRoot, 'governance', name)
    if (name.endsWith('.yaml')) return [where]
    return fs.readdirSync(where).map((file) => path.join(where, file))
  })
  const texts = shipped.filter((file) => file.endsWith('.yaml')).map((file) => fs.readFileSync(file, 'utf8'))
  const bindings = kRoles.map(
    (role) => `kind: RoleBinding\nname: r-${role}\nrole: ${role}\npeople: [${role}@example.com]\n`,
  )
  return {
    'rules.yaml': `${kAllowEverything}---\n${kDenied}`,
    'prices.yaml': kPrices,
    'budgets.yaml': kBudget,
    'roles.yaml': bindings.join('---\n'),
    ...Object.fromEntries(texts.map((text, i) => [`shipped-${i}.yaml`, text])),
    ...detectorFiles(),
  }
}

async function fill(reeve, [one, , developer], dev) {
  const secret = 'my key is AKIAZ7Q2X4PLM5NB3KDW and my mail is jane.doe@contoso.com'
  await call(reeve, dev, {
    messages: [{ role: 'user', content: secret }],
    headers: { 'x-reeve-session': 's-fuzz' },
  })
  await call(reeve, dev, { model: 'gpt-4o' })
  for (let i = 0; i < 3; i++) await call(reeve, dev)
  const ask = apiClient(reeve, one.secret)
  const asDeveloper = apiClient(reeve, developer.secret)
  for (const title of ['A', 'B', 'C']) {
    await ask('POST', '/inventory', { kind: 'model', title, owner: 'dev@example.com' })
    const { body } = await asDeveloper('POST', '/intake', { kind: 'tool', title: `tool ${title}` })
    if (title !== 'C') await asDeveloper('POST', `/intake/${body.intake.id}/answers`, { answers: kAnswers })
    await asDeveloper('POST', '/exceptions', { rule: 'no-gpt', until: '7d', reason: 'a test' })
  }
  await ask('POST', '/agents', {
    id: 'nightly',
    title: 'N',
    purpose: 'tests',
    spiffe: ['spiffe://example.com/nightly'],
  })
  await ask('POST', '/kill-switch', { scope: 'session:nobodys', reason: 'a test' })
  await ask('PUT', '/budgets/fuzzed', { window: 'month', for: { team: 'x' }, limit: { money: '$5' } })
}

// `store`: sqlite, or postgres. Resolves with the program and callers: {name, secret, weight}, machines that may do all
// first, then people.
export async function startWorld(store) {
  const stops = []
  const stop = async () => {
    for (const one of stops.toReversed()) await one()
  }
  let config = `limits: {${kLimits}}\n`
  if (store === 'postgres') {
    const postgres = await new PostgresServer().start()
    stops.push(() => postgres.remove())
    config += `ledger:\n  node: node-1\nstorage:\n  postgres:\n    url: "${postgres.url()}"\n`
  }
  const upstream = await new UpstreamProcess().start()
  stops.push(() => upstream.stop())
  const reeve = new Reeve({ config: upstream.reeveConfig() + config, governance: governance() })
  await reeve.start()
  stops.push(() => reeve.end())
  const callers = []
  const forbidden = new Set()
  const groups = kGroups.flatMap((group) => ['--group', group])
  const add = async (name, weight, ...options) => {
    const { id, secret } = await reeve.createKey(name, '--scope', 'control:*', ...options)
    forbidden.add(id)
    callers.push({ name, secret, weight })
  }
  for (const name of ['machine-a', 'machine-b']) await add(name, 8, '--type', 'service', ...groups)
  for (const role of ['developer', ...kRoles.filter((name) => name !== 'developer')]) {
    await add(`${role}@example.com`, 1, ...(role === 'approver' ? groups : []))
  }
  const dev = await reeve.createKey('dev@example.com')
  const developer = await reeve.createKey('developer@example.com')
  forbidden.add(developer.id)
  await fill(reeve, callers, dev.secret)
  const messages = [{ role: 'user', content: 'AKIAZ7Q2X4PLM5NB3KDW' }]
  await call(reeve, developer.secret, { messages, headers: { 'x-reeve-session': 's-developer' } })
  return { reeve, callers, forbidden, stop }
}

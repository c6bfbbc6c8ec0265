// Documents and people that tests of intakes have.

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PostgresServer } from '../postgres/postgres_server.mjs'
import { kPrices } from '../budgets/calls.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { apiClient } from '../api/api_client.mjs'

const kGovernance = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../governance')
const shipped = (file) => fs.readFileSync(path.join(kGovernance, file), 'utf8')

// The rule of that name that ships with the program.
function shippedRule(file, name) {
  const found = shipped(file).split(/^---$/m).find((document) => document.includes(`\nname: ${name}\n`))
  if (!found) throw new Error(`${file} has no ${name}`)
  return found
}

// The questions, checklists and reviewers that ship with the program, and what it makes of refusals.
export const kDocuments = {
  'rules.yaml': kAllowEverything,
  'refused.yaml': shippedRule('policies/model-access.yaml', 'what-was-refused-is-not-used'),
  'prices.yaml': kPrices,
  'questions.yaml': shipped('intake/questions.yaml'),
  'reviews.yaml': shipped('reviews/reviews.yaml'),
  'approvals.yaml': shipped('approvals/approvals.yaml'),
}

export const kAnswers = {
  1: { data: 'public', autonomy: 'suggests', people: 'no', where: 'workstation', training: 'none' },
  2: { data: 'confidential', autonomy: 'suggests', people: 'no', where: 'workstation', training: 'none' },
  3: { data: 'special', autonomy: 'acts-alone', people: 'decides', where: 'provider', training: 'none' },
}
export const answersOf = (tier) => ({
  purpose: 'Reviewing code',
  users: 'payments, platform',
  provider: 'anthropic',
  region: 'eu',
  stage: 'development',
  ...kAnswers[tier],
})

// What a vendor, a server and, on 'postgres', a database need; `people` have keys with their groups.
export async function startServer(storage) {
  const postgres = storage === 'postgres' ? await new PostgresServer().start() : null
  const upstream = await new UpstreamProcess().start()
  const shared = postgres ? `storage:\n  postgres:\n    url: "${postgres.url()}"\n` : ''
  const reeve = new Reeve({
    config: `${upstream.reeveConfig()}spend:\n  anomalies_every: 1s\n${shared}`,
    governance: kDocuments,
  })
  await reeve.start()
  const person = async (name, ...groups) => {
    const words = groups.flatMap((group) => ['--group', group])
    const { secret } = await reeve.createKey(name, ...words, '--scope', 'control:read', '--scope', 'control:write')
    return apiClient(reeve, secret)
  }
  const people = {
    dev: await person('dev@example.com'),
    // With every group there is: what is refused to this one is refused because it is their own.
    owner: await person('owner@example.com', 'governance-council', 'security-reviewers', 'privacy-reviewers'),
    security: await person('sec@example.com', 'security-reviewers', 'governance-council'),
    legal: await person('law@example.com', 'legal-reviewers'),
    privacy: await person('priv@example.com', 'privacy-reviewers'),
    lead: await person('lead@example.com', 'governance-council'),
    chair: await person('chair@example.com', 'governance-council'),
  }
  const end = async () => {
    reeve.end()
    upstream.stop()
    await postgres?.remove()
  }
  return { reeve, upstream, people, end }
}

export const yesTo = (checklist) => Object.fromEntries(checklist.questions.map(({ id }) => [id, 'yes']))

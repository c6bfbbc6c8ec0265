// Bodies that nearly fit, for routes whose rules the schema does not tell.

import { kAnswers } from './fuzz_world.mjs'

const kChecklists = {
  security: ['identity', 'gateway', 'least-privilege', 'injection', 'secrets', 'stop'],
  privacy: ['purpose', 'retention', 'transfer', 'impact', 'erasure'],
  legal: ['contract', 'classification', 'rights', 'people-told'],
}
const kDecisions = [
  { decision: 'approve' },
  { decision: 'approve_with_conditions', conditions: ['ask first'] },
  { decision: 'approve_with_exception', conditions: ['ask first'], until: '7d' },
  { decision: 'deny' },
]
// By route. Given what stands in the path (`name`), the digest of that, and what is known.
export function bodiesOf({ one, chance, below }) {
  // A part of the members, for what may be left out.
  const some = (members) => Object.fromEntries(Object.entries(members).filter(() => chance(0.4)))
  const anAgent = (id) => ({
    id,
    title: 'An agent',
    purpose: 'tests',
    spiffe: [`spiffe://example.com/${id}`],
    ...some({
      acts_for: ['developers'],
      classes: ['internal'],
      expires: '2027-01-01T00:00:00Z',
      models: ['claude-*'],
      owner: 'dev@example.com',
      repos: ['shop/*'],
      risk: 'limited',
      team: 'payments',
      tools: ['read'],
    }),
  })
  const anItem = () => ({
    kind: one(['model', 'tool']),
    title: `Item ${below(100)}`,
    owner: 'dev@example.com',
    ...some({
      purpose: 'tests',
      notes: 'none',
      users: ['developers'],
      data_classes: ['internal'],
      model: 'claude-opus-4-5',
      provider: 'anthropic',
      environment: 'test',
      hosting: 'provider',
      region: 'eu',
      retention: 'none',
      training_use: 'none',
      human_review: 'always',
      integrations: ['git'],
      guardrails: ['gateway'],
      seen_as: ['model:claude-*'],
    }),
  })

  return {
    'POST /api/v1/intake/{id}/answers': () => ({
      answers: { ...kAnswers, data: one(['internal', 'personal', 'special']) },
    }),
    'POST /api/v1/intake/{id}/reviews': ({ digest }) => {
      const checklist = one(Object.keys(kChecklists))
      const answers = Object.fromEntries(kChecklists[checklist].map((id) => [id, 'yes']))
      return {
        checklist,
        answers,
        ...one([{ verdict: 'pass' }, { verdict: 'concerns', comment: 'not yet' }]),
        ...some({ digest }),
      }
    },
    'POST /api/v1/intake/{id}/decision': ({ digest, known }) => ({
      digest,
      reason: 'as discussed',
      ...one(kDecisions),
      ...some({ exception: known.named('/api/v1/exceptions', 'id') }),
    }),
    'POST /api/v1/intake': ({ known }) =>
      one([
        { kind: 'tool', title: 'a tool', ...some({ owner: 'dev@example.com' }) },
        { item: known.named('/api/v1/inventory', 'id') ?? 'none' },
      ]),
    'POST /api/v1/inventory': anItem,
    'PUT /api/v1/inventory/{id}': anItem,
    'POST /api/v1/exceptions': () => ({
      ...one([{ rule: 'no-gpt' }, { budget: 'each-person', add: '$5' }]),
      until: '7d',
      reason: 'a test',
      ...some({ work_item: 'PAY-7' }),
    }),
    'POST /api/v1/exceptions/{id}': ({ digest }) =>
      one([
        { decision: 'approve', digest, ...some({ conditions: ['ask first'], until: '2d' }) },
        { decision: 'deny', reason: 'no need' },
      ]),
    'POST /api/v1/agents': () => anAgent(`agent-${below(1000)}`),
    'PUT /api/v1/agents/{id}': ({ name }) => anAgent(name),
    'POST /api/v1/changes': () => ({
      id: `${below(10_000)}`,
      repo: 'shop/api',
      ...some({
        at: new Date().toISOString(),
        lines: 10,
        author: 'dev',
        branch: 'main',
        commit: 'a1b2c3',
        work_item: 'PAY-7',
      }),
    }),
    'POST /api/v1/content/appeals': ({ known }) => ({
      request_id: known.member('request_id') ?? 'none',
      type: 'aws-access-key-id',
      reason: 'an example',
    }),
    'PUT /api/v1/budgets/{name}': ({ name }) => ({
      window: one(['day', 'month']),
      for: { team: 'x' },
      limit: { money: `$${below(99) + 1}` },
      ...some({
        kind: 'Budget',
        name,
        title: 'A budget',
        owner: 'dev',
        message: 'Ask',
        each: ['person'],
        time_zone: 'UTC',
        carry_over: '20%',
        thresholds: [{ at: '80%', do: 'notify' }],
        reserve: 'learned',
      }),
    }),
    'POST /api/v1/evidence': () => ({
      framework: 'soc2',
      from: '1d',
      ...some({ to: new Date().toISOString().slice(0, 10) }),
    }),
  }
}

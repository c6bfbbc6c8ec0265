// The `reeve spend` commands over a ledger of made-up calls.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { kProgram, kRoot, Reeve } from '../upstream/reeve_process.mjs'

const kWriter = process.env.SPEND_LEDGER ?? path.join(kRoot, 'build/spend_ledger')
const kPrices = `kind: Discount
contract: acme-2026
provider: anthropic
percent: 12.5%
---
kind: Surcharge
name: us-residency
provider: openai
region: us
percent: 10%
---
kind: Commitment
contract: acme-commit
provider: anthropic
monthly: $100000
`
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-spend-'))
const directory = (name, text) => {
  const made = path.join(folder, name)
  fs.mkdirSync(made)
  fs.writeFileSync(path.join(made, 'prices.yaml'), text)
  return made
}
const data = path.join(folder, 'data')
let prices

function spend(...args) {
  const { status, stdout, stderr } = spawnSync(kProgram, ['spend', ...args, '--data', data], { maxBuffer: 1 << 30 })
  return { status, text: `${stdout}`, errors: `${stderr}` }
}
function told(...args) {
  const { status, text, errors } = spend(...args, '--json')
  return { status, ...JSON.parse(text || errors) }
}

before(() => {
  prices = directory('prices', kPrices)
  const made = spawnSync(kWriter, [data, prices, '6000', '75'])
  assert.equal(made.status, 0, `${made.stderr}`)
})
after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

describe('rating again', () => {
  test('brings out every nano-dollar under the same prices', () => {
    const all = told('rerate', '--since', '80d', '--prices', prices)
    const { status, rated, reproduced, other_version, difference_nanos } = all
    assert.deepEqual([status, rated, reproduced, other_version, difference_nanos], [0, 6000, 6000, 0, 0])
  })

  test('explains what other prices make of it, cause by cause', () => {
    const other = directory('other', `${kPrices.replace('12.5%', '20%')}---
kind: Price
provider: openai
model: gpt-5
input: $1
output: $8
`)
    const { status, differences, difference_nanos } = told('rerate', '--since', '80d', '--prices', other)
    assert.equal(status, 1)
    const causes = new Map(differences.map(({ model, cause }) => [model, cause]))
    assert.deepEqual([causes.get('claude-opus-4-5'), causes.get('gpt-5')], ['discount', 'own price'])
    assert.equal(causes.has('house-model-nobody-lists'), false)
    assert.equal(
      differences.reduce((sum, one) => sum + one.difference_nanos, 0),
      difference_nanos,
    )
  })

  test('complains about prices at their place', () => {
    const wrong = directory('wrong', 'kind: Discount\ncontract: a\nprovider: b\npercent: lots\n')
    const { status, error } = told('rerate', '--prices', wrong)
    assert.equal(status, 2)
    assert.match(error.message, /prices\.yaml:4:10: 'percent' must be/)
  })
})

describe('what the gateway records', () => {
  test('holds all that its price rests on', async () => {
    const config = `providers:
  - {name: practice, dialect: practice, region: eu}
models:
  - {name: practice-*, provider: practice, tier: small}
`
    const governance = {
      'everyone.yaml': 'kind: Policy\nname: everyone\nowner: tests\non: model.call\neffect: allow\n',
      'prices.yaml':
        '{kind: Price, contract: own, provider: practice, model: practice-*, region: eu, input: $3, output: $7}\n',
    }
    const reeve = new Reeve({ config, governance })
    try {
      const { secret } = await reeve.createKey('ann@example.com')
      await reeve.start()
      for (const tier of ['auto', 'flex', 'priority']) {
        const answer = await fetch(`http://127.0.0.1:${reeve.port}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'practice-small',
            service_tier: tier,
            messages: [{ role: 'user', content: tier }],
          }),
        })
        assert.equal(answer.status, 200, await answer.text())
      }
      await reeve.stop()
      const outcomes = (await reeve.entries()).filter(({ kind }) => kind === 'model.outcome')
      assert.equal(outcomes.length, 3)
      for (const { cost, request } of outcomes) {
        assert.equal(cost.provider, 'practice')
        assert.equal(cost.model, 'practice-small')
        assert.match(cost.price_version, /^genai-prices [\d.]+ rules \d+ \+ price own:[0-9a-f]{16}$/)
        assert.match(cost.time, /^\d{4}-.*Z$/)
        assert.deepEqual([request.messages, request.tools, request.thinking], [1, false, false])
      }
      const { rated, reproduced } = JSON.parse(await reeve.command('spend', 'rerate', '--since', '1d', '--json'))
      assert.deepEqual([rated, reproduced], [3, 3])
    } finally {
      reeve.end()
    }
  })
})

describe('a figure', () => {
  test('is the sum of the ledger rows that it names', () => {
    const { groups, total } = told('report', '--since', '80d', '--by', 'team,model', '--trace')
    const ledger = spawnSync(kProgram, ['ledger', 'query', 'kind == "model.outcome"', '--json', '--data', data], {
      maxBuffer: 1 << 30,
    })
    const cost = new Map()
    for (const line of `${ledger.stdout}`.split('\n').filter(Boolean)) {
      const entry = JSON.parse(line)
      cost.set(entry.seq, entry.cost.nanos)
    }
    assert.ok(groups.length >= 12)
    for (const group of groups) {
      const sum = group.rows.reduce((all, row) => all + cost.get(row), 0)
      assert.equal(sum, group.cost_nanos, `${group.team} ${group.model}`)
      assert.equal(group.rows.length, group.calls)
    }
    const all = groups.flatMap(({ rows }) => rows)
    assert.equal(new Set(all).size, 6000)
    assert.equal([...cost.values()].reduce((sum, nanos) => sum + nanos, 0), total.cost_nanos)
  })

  test('has its rows printed by key', () => {
    const { groups } = told('report', '--since', '80d', '--by', 'person,model', '--trace')
    const { person, model, rows, cost_nanos } = groups[3]
    const found = told('rows', '--since', '80d', '--key', `person=${person}`, '--key', `model=${model}`)
    assert.deepEqual([found.rows.map(({ row }) => row), found.cost_nanos], [rows, cost_nanos])
    assert.equal(spend('rows', '--key', 'person').status, 2)
    assert.equal(spend('rows', '--key', 'nobody=x').status, 2)
  })
})

describe('a month', () => {
  const effects = ({ effects_nanos }) => Object.values(effects_nanos).reduce((sum, nanos) => sum + nanos, 0)

  test('is explained by effects that add up', () => {
    const last = new Date(Date.now() - 31 * 86_400_000).toISOString().slice(0, 7)
    for (const month of [last, new Date().toISOString().slice(0, 7)]) {
      const { total, groups } = told('explain', '--month', month, '--by', 'team', '--prices', prices)
      assert.equal(effects(total), total.difference_nanos)
      for (const group of groups) assert.equal(effects(group), group.difference_nanos, group.name)
    }
    assert.match(spend('explain', '--month', last, '--prices', prices).text, /from volume: [\d,]+ tokens after/)
    assert.equal(spend('explain', '--month', 'October').status, 2)
  })

  test('is forecast with intervals around what is expected', () => {
    const { status, possible, expected_nanos, low95_nanos, low80_nanos, high80_nanos, high95_nanos } = told('forecast')
    assert.deepEqual([status, possible], [0, true])
    const order = [low95_nanos, low80_nanos, expected_nanos, high80_nanos, high95_nanos]
    assert.deepEqual(order, [...order].sort((left, right) => left - right))
  })
})

describe('the same ledger', () => {
  test('gives the same advice, and each advice names its calls', () => {
    const first = spend('advice', '--since', '2026-01-01', '--prices', prices, '--json').text
    assert.equal(spend('advice', '--since', '2026-01-01', '--prices', prices, '--json').text, first)
    const { advice } = JSON.parse(first)
    assert.ok(advice.length > 0)
    for (const one of advice) {
      assert.equal(one.rows.length, one.calls)
      assert.equal(one.cost_nanos - one.cheaper_nanos, one.saving_nanos)
      assert.ok(one.saving_nanos > 0)
    }
  })

  test('comes to the same total in the report, the export and the page', () => {
    const { total } = told('report', '--since', '80d', '--by', 'model')
    const csv = path.join(folder, 'bill.csv')
    const { billed_nanos } = told('export', '--since', '80d', '--prices', prices, '--output', csv)
    assert.equal(billed_nanos, total.cost_nanos)
    assert.match(fs.readFileSync(csv, 'utf8'), /^BilledCost,BillingAccountId,/)
    const page = path.join(folder, 'spend.html')
    assert.equal(told('report', '--since', '80d', '--html', page, '--prices', prices).cost_nanos, total.cost_nanos)
    const html = fs.readFileSync(page, 'utf8')
    assert.doesNotMatch(html, /https?:\/\/|<script|src=/)
    assert.match(html, /<svg/)
  })

  test('has anomalies, units and commitments told', () => {
    assert.ok([0, 1].includes(spend('anomalies', '--since', '30d').status))
    const { units } = told('units', '--since', '80d')
    assert.ok(units.find(({ per }) => per === 'session').count > 100)
    const { commitments } = told('commitments', '--since', '40d', '--prices', prices)
    for (const { owed_nanos, drawn_nanos, unused_nanos } of commitments) {
      assert.equal(unused_nanos, Math.max(0, owed_nanos - drawn_nanos))
      assert.ok(drawn_nanos > 0)
    }
  })
})

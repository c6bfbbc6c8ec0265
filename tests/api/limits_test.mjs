// How often the API may be asked: one that asks without pause takes nothing from others, and many at once get answers.

import assert from 'node:assert/strict'
import test from 'node:test'
import { startBoth } from '../budgets/calls.mjs'
import { apiClient, assertProblem } from './api_client.mjs'

const kBudget = 'kind: Budget\nname: each-person\neach: [person]\nwindow: month\nlimit: {requests: 3}\n'

async function start(t, config = '') {
  const { upstream, reeve } = await startBoth(kBudget, { config })
  t.after(() => (reeve.end(), upstream.stop()))
  const key = async (owner, ...options) =>
    (await reeve.createKey(owner, '--type', 'service', ...options)).secret
  return { reeve, key }
}

test('each credential has its own bucket, and strangers share one by address', async (t) => {
  const { reeve, key } = await start(
    t,
    'limits: {api_per_second: 1, api_burst: 5, api_unknown_per_second: 1, api_unknown_burst: 5}\n',
  )
  const scope = ['--scope', 'control:read']
  const loud = apiClient(reeve, await key('loud', ...scope))
  const quiet = apiClient(reeve, await key('quiet', ...scope))
  const stranger = apiClient(reeve, `rv_${'x'.repeat(43)}`)
  for (const [who, first] of [
    [loud, 200],
    [stranger, 401],
  ]) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => who('GET', '/budgets')))
    const limited = answers.filter(({ status }) => status === 429)
    assert.ok(limited.length >= 10, `${limited.length} of 20`)
    assert.ok(answers.filter(({ status }) => status === first).length >= 5)
    for (const answer of limited) {
      assertProblem(answer, 429)
      assert.ok(Number(answer.headers.get('retry-after')) >= 1)
    }
  }
  assert.equal((await quiet('GET', '/budgets')).status, 200, 'neither took anything from others')
})

test('a hundred and fifty at once who throw the kill switch all get an answer', async (t) => {
  const { reeve, key } = await start(t)
  const ask = apiClient(reeve, await key('a-machine', '--scope', 'control:*'))
  const began = Date.now()
  const answers = await Promise.all(
    Array.from({ length: 150 }, (_, i) =>
      ask('POST', '/kill-switch', { scope: `session:s-${i}`, reason: 'a test' }),
    ),
  )
  const counts = {}
  for (const answer of answers) (counts[answer.status] ??= []).push(answer)
  assert.deepEqual(
    Object.keys(counts).filter((status) => !['201', '503', '429'].includes(status)),
    [],
  )
  assert.ok(counts[201].length >= 1)
  for (const answer of counts[503] ?? []) assert.ok(answer.headers.get('retry-after'))
  t.diagnostic(`${counts[201].length} of 150 in ${Date.now() - began} ms`)
  const { body } = await ask('GET', '/kill-switch')
  assert.equal(body.cutoffs.length, counts[201].length, 'what was answered is in force, and nothing else')
})

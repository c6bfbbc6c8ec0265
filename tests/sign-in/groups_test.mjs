// Groups from the userinfo endpoint, for people in more of them than a token holds; the server's restart and rotation.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, claimsOf, signIn, startBoth, tokenOf } from './signing_in.mjs'

let both, reeve
before(async () => {
  both = await startBoth('      groups_from: userinfo\n      unmapped_groups: drop\n')
  reeve = both.reeve
})
after(() => both?.end())

test('groups come from userinfo, are mapped, and those without a name are dropped', async () => {
  const tokens = await signIn(reeve, 'dev@example.com')
  assert.deepEqual(claimsOf(tokens.access_token).groups, ['developers', 'engineering', 'payments', 'payments-backend'])
  const many = await signIn(reeve, 'many@example.com')
  assert.deepEqual(claimsOf(many.access_token).groups, [])
  assert.equal((await call(reeve, many.access_token)).status, 200)
})

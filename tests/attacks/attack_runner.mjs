// Makes attacks, one after the other: each from an address of its own, so that the ledger's entry about it is found.
//
// An attack is [name, status, make, more]. `make` gets the header fields that say where it comes from and gives the
// status of the answer, or an answer; a status of null: it checks that itself. `unrecorded`, of `more` or of the
// answer, says why the ledger has no entry of it, on purpose.

import assert from 'node:assert/strict'
import { test } from 'node:test'

const made = []

const addressOf = (number) => `198.18.${Math.floor(number / 250)}.${1 + (number % 250)}`

export function attack(title, table) {
  for (const [name, wanted, make, more = {}] of table) {
    test(`${title}: ${name}`, async () => {
      const address = addressOf(made.length)
      const one = { name: `${title}: ${name}`, address, title, ...more }
      made.push(one)
      const answer = await make({ 'x-forwarded-for': address })
      const status = typeof answer === 'number' ? answer : answer.status
      one.unrecorded ??= answer.unrecorded
      assert.ok(wanted === null || [wanted].flat().includes(status), `${status}, not ${wanted}: ${answer.text ?? ''}`)
    })
  }
}

// Of those titles, every one is in the ledger of that server, but for those that say why not.
export async function checkRecords(reeve, titles) {
  const mine = made.filter(({ title, unrecorded }) => titles.includes(title) && !unrecorded)
  let missing = []
  for (let i = 0; i < 100; i++) {
    const refused = (await reeve.entries()).filter(({ kind }) => kind === 'identity.refused')
    const addresses = new Set(refused.map(({ detail }) => detail.address))
    missing = mine.filter(({ address }) => !addresses.has(address))
    if (missing.length === 0) return mine.length
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.deepEqual(missing.map(({ name }) => name), [])
  return mine.length
}

export function count() {
  const left = {}
  for (const { unrecorded } of made) if (unrecorded) left[unrecorded] = (left[unrecorded] ?? 0) + 1
  return { made: made.length, recorded: made.filter(({ unrecorded }) => !unrecorded).length, left }
}

// Attacks as a table: each is sent from an address of its own, has to be refused with words that say why, and has to be
// in the ledger by that address, or by the work item that it named.

import assert from 'node:assert/strict'

function tellsOf(entry, { address, item }) {
  if (entry.kind === 'identity.refused') return entry.detail.address === address
  return entry.work_item === item && entry.outcome?.status === 'refused'
}

// Of all suites of a process: no address is used twice.
let sent = 0

export class Attacks {
  #list = []

  // `attempt({address, headers})` sends it and gives the answer; `words`: what the refusal says.
  add(name, words, attempt) {
    this.#list.push({ name, words, attempt })
  }

  // On one server, in order. What each was answered is told by name.
  async run(reeve) {
    const wrong = []
    for (const attack of this.#list) {
      const index = sent++
      attack.address = `127.0.${1 + Math.floor(index / 200)}.${2 + (index % 200)}`
      attack.item = `attack-${index}`
      const headers = { 'x-reeve-work-item': attack.item }
      const answer = await attack.attempt({ address: attack.address, headers })
      const text = answer.body?.error_description ?? answer.text
      const refused =
        answer.status >= 400 && answer.status < 500 && attack.words.test(text) && !/"access_token"/.test(answer.text)
      if (!refused) wrong.push(`${attack.name}: ${answer.status} ${answer.text}`)
    }
    assert.deepEqual(wrong, [], 'attacks that were not refused as they should be')
    // What commands read lags a little behind.
    let unrecorded = []
    for (let look = 0; look < 20; look++) {
      const entries = await reeve.entries()
      unrecorded = this.#list.filter((attack) => !entries.some((entry) => tellsOf(entry, attack)))
      if (unrecorded.length === 0) break
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    assert.deepEqual(
      unrecorded.map(({ name }) => name),
      [],
      'attacks that the ledger does not tell of',
    )
    return this.#list.length
  }
}

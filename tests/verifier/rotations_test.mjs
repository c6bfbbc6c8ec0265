// A log whose key was replaced, of the real program: whoever holds any of its keys checks it from afar, in a copy and
// in a pack; and whatever is done to the statements, the verifier says just what `reeve ledger verify` says.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressSource, check, folderSource } from '../../verifier/index.mjs'
import { Random } from '../upstream/random.mjs'
import { kProgram } from '../upstream/reeve_process.mjs'
import { makeCalls, startReeve } from './ledger_of_calls.mjs'
import { makeKey, signatureLine } from './made_log.mjs'

const kSeed = Number(process.env.SEED ?? 20261123)
const kRandomCases = 12
const random = new Random(kSeed)

let reeve, secret, auditor, ledger
const keys = [] // from the first on
const kept = [] // a checkpoint of each key's time

const publicFile = (name) => fs.readFileSync(path.join(ledger, 'public', name))
const signedSize = () => Number(publicFile('checkpoint').toString().split('\n')[1])
const rotate = async (...options) =>
  JSON.parse(await reeve.command('ledger', 'key', 'rotate', '--reason', 'a test', '--json', ...options))

before(async () => {
  ;({ reeve, secret } = await startReeve())
  ledger = path.join(reeve.folder, 'data/ledger')
  auditor = (await reeve.createKey('auditor@example.com', '--scope', 'ledger:read')).secret
  await makeCalls(reeve, secret, 20)
  while (signedSize() < 40) await sleep(50)
})
after(() => reeve?.end())

const fromAfar = (key, more = {}) =>
  check(addressSource(`http://127.0.0.1:${reeve.port}/log`, auditor), { key, ...more })

describe('a live log', () => {
  test('is followed through rotations from every key, with checkpoints of every time', async () => {
    keys.push(publicFile('key').toString().trim())
    const plain = await fetch(`http://127.0.0.1:${reeve.port}/log/key-rotations`)
    assert.equal(plain.status, 404, 'there was one key only')
    for (const options of [['--both-for', '0s'], ['--both-for', '0s'], []]) {
      kept.push(publicFile('checkpoint'))
      keys.push((await rotate(...options)).new_key)
      const size = signedSize()
      await makeCalls(reeve, secret, 3)
      while (signedSize() < size + 6) await sleep(50)
    }
    const served = await fetch(`http://127.0.0.1:${reeve.port}/log/key-rotations`)
    assert.deepEqual(
      [served.status, served.headers.get('content-type'), served.headers.get('cache-control')],
      [200, 'text/plain; charset=utf-8', 'no-cache'],
    )
    assert.equal(await served.text(), publicFile('key-rotations').toString())
    for (const [i, key] of keys.entries()) {
      const report = await fromAfar(key, { kept })
      assert.deepEqual([report.problems, report.rotations], [[], keys.length - 1 - i], `key ${i}`)
    }
    const stranger = makeKey('reeve.example/verified', 1, 99).text
    assert.match((await fromAfar(stranger)).problems.join(), /no statement in key-rotations leads to it/)
  })

  test('is sound whenever it is looked at while its key changes', async () => {
    let done = false
    const rotating = rotate('--both-for', '0s').finally(() => (done = true))
    while (!done) assert.deepEqual((await fromAfar(keys[0])).problems, [])
    keys.push((await rotating).new_key)
    assert.deepEqual((await fromAfar(keys[0])).problems, [])
  })
})

describe('a copy', () => {
  let statements, folder
  before(async () => {
    // The last rotation is one that is still in its time: both sign.
    keys.push((await rotate()).new_key)
    await makeCalls(reeve, secret, 3)
    await reeve.command('ledger', 'evidence', '--framework', 'soc2', '--from', '1h', '-o', `${reeve.folder}/pack`)
    await reeve.stop()
    const parts = publicFile('key-rotations').toString().split('\n\n').slice(0, -1)
    statements = parts.flatMap((text, i) => (i % 2 === 0 ? [`${text}\n\n${parts[i + 1]}\n\n`] : []))
    assert.equal(statements.length, keys.length - 1)
    folder = path.join(reeve.folder, 'copy')
  })

  const inCopy = (name) => path.join(folder, name)
  const programSays = (key) =>
    new Promise((resolve) => {
      const asked = ['ledger', 'verify', '--offline', folder, ...(key ? ['--key', key] : []), '--json']
      execFile(kProgram, asked, (error, stdout) => resolve(JSON.parse(stdout)))
    })

  // Both on a copy that was changed by `change`, asked with a key: the same answer, which is `expected`.
  async function compare(what, change, key, expected) {
    fs.rmSync(folder, { recursive: true, force: true })
    fs.cpSync(ledger, folder, { recursive: true })
    change?.()
    const program = await programSays(key)
    const own = await check(await folderSource(folder), { key })
    const both = JSON.stringify([program.problems, own.problems], null, 1)
    assert.equal(own.ok, program.ok, `${what}: ${both} (seed ${kSeed})`)
    if (expected !== undefined) assert.equal(own.ok, expected, `${what}: ${both}`)
    return own
  }
  const publish = (list) => () => fs.writeFileSync(inCopy('public/key-rotations'), list.join(''))

  test('is sound from every key, and from none of another', async () => {
    for (const [i, key] of [undefined, ...keys].entries()) {
      const report = await compare(`key ${i}`, undefined, key, true)
      assert.equal(report.rotations, key ? keys.length - i : 0)
    }
    await compare('a key of another', undefined, makeKey('reeve.example/verified', 1, 99).text, false)
    await compare('the name of another', undefined, makeKey('reeve.example/other', 1, 99).text, false)
  })

  test('is not, when statements are missing, moved, told twice, cut or changed', async () => {
    const [first, second, third, ...rest] = statements
    const lists = {
      'none at all': [],
      'without the first': [second, third, ...rest],
      'without one between': [first, third, ...rest],
      'without the last': statements.slice(0, -1),
      'two of them exchanged': [second, first, third, ...rest],
      'the first told again': [first, ...statements],
      'the last told again': [...statements, statements.at(-1)],
      'all of them told again': [...statements, ...statements],
      'cut short': [statements.join('').slice(0, -100)],
      'an empty line less': [statements.join('').slice(0, -1)],
      'another reason': [first.replace('a test', 'a jest'), second, third, ...rest],
      'signed by the old key alone': [first.replace(/\n[^\n]+\n\n$/, '\n\n'), second, third, ...rest],
    }
    for (const [what, list] of Object.entries(lists)) await compare(what, publish(list), keys[0], false)
    await compare('no such file', () => fs.rmSync(inCopy('public/key-rotations')), keys.at(-1), false)
  })

  test('is not, when somebody made a rotation of his own', async () => {
    const mallory = makeKey('reeve.example/verified', 1, 66)
    const other = makeKey('reeve.example/verified', 1, 67)
    const statement = (oldKey, newKey, signers) => {
      const lines = ['reeve log key rotation v1', mallory.name, oldKey, newKey, '2026-11-23T00:00:00Z']
      const text = `${[...lines, '2026-11-30T00:00:00Z', 'mine'].join('\n')}\n`
      return `${text}\n${signers.map((key) => signatureLine(key, text)).join('')}\n`
    }
    const checkpoint = publicFile('checkpoint').toString()
    const text = checkpoint.slice(0, checkpoint.lastIndexOf('\n\n') + 1)
    const takeOver = (list) => () => {
      for (const name of ['private-key', 'private-key.previous']) fs.rmSync(inCopy(name), { force: true })
      fs.writeFileSync(inCopy('public/key'), `${mallory.text}\n`)
      fs.writeFileSync(inCopy('public/checkpoint'), `${text}\n${signatureLine(mallory, text)}`)
      publish(list)()
    }
    // Says that it is the key that signs now, and is not.
    const namesake = { ...other, id: Buffer.from(keys.at(-1).split('+')[1], 'hex') }
    const lists = {
      'signed by the new key alone': [...statements, statement(keys.at(-1), mallory.text, [mallory])],
      'from a key of his own': [...statements, statement(other.text, mallory.text, [other, mallory])],
      'in the name of the old key': [...statements, statement(keys.at(-1), mallory.text, [namesake, mallory])],
      'and nothing of the ones before': [statement(other.text, mallory.text, [other, mallory])],
      'and none at all': [],
    }
    for (const [what, list] of Object.entries(lists)) {
      for (const key of [keys[0], keys.at(-1)]) await compare(what, takeOver(list), key, false)
    }
  })

  test('of a rotation that was cut short is what opening it would finish', async () => {
    const old = keys.at(-2)
    // Published, and its checkpoint signed by both, the keys not exchanged yet.
    const goBack = () => {
      fs.writeFileSync(inCopy('public/key'), `${old}\n`)
      fs.renameSync(inCopy('private-key'), inCopy('private-key.next'))
      fs.renameSync(inCopy('private-key.previous'), inCopy('private-key'))
      fs.writeFileSync(inCopy('key-rotation.next'), statements.at(-1).slice(0, -1))
    }
    for (const key of [undefined, keys[0], old]) await compare('before the exchange', goBack, key, true)
    await compare('asked with the next key', goBack, keys.at(-1), false)
    const unpublished = () => {
      goBack()
      publish(statements.slice(0, -1))()
    }
    for (const key of [keys[0], old]) await compare('recorded, and not yet published', unpublished, key, true)
    const withoutDraft = () => {
      goBack()
      fs.rmSync(inCopy('key-rotation.next'))
    }
    await compare('nothing is under way', withoutDraft, keys[0], false)
    const spoiledDraft = () => {
      goBack()
      fs.writeFileSync(inCopy('key-rotation.next'), statements.at(-1).slice(0, -1).replace('a test', 'a jest'))
    }
    await compare('what is under way is no statement', spoiledDraft, keys[0], false)
  })

  test('gives the same answer whatever else is done to it', async () => {
    const pick = (list) => list[random.between(0, list.length - 1)]
    for (let i = 0; i < kRandomCases; i++) {
      const list = Array.from({ length: random.between(1, 6) }, () => pick(statements))
      const text = Buffer.from(random.between(0, 2) === 0 ? list.join('') : statements.join(''))
      if (random.between(0, 2) > 0) text[random.between(0, text.length - 1)] ^= 1 << random.between(0, 6)
      const change = () => fs.writeFileSync(inCopy('public/key-rotations'), text)
      await compare(`case ${i}`, change, pick([undefined, ...keys]))
    }
  })

  test('of the public folder alone is checked likewise, and so is a pack, from every key', async () => {
    for (const what of [path.join(ledger, 'public'), path.join(reeve.folder, 'pack')]) {
      for (const [i, key] of keys.entries()) {
        const report = await check(await folderSource(what), { key })
        assert.deepEqual([report.problems, report.rotations], [[], keys.length - 1 - i], `${what}, key ${i}`)
      }
      const stranger = makeKey('reeve.example/verified', 1, 99).text
      assert.equal((await check(await folderSource(what), { key: stranger })).ok, false)
    }
  })

  test('of a single file takes the statements from beside it', async () => {
    const rotations = publicFile('key-rotations')
    const size = Number(kept[0].toString().split('\n')[1])
    for (const key of keys) {
      assert.equal((await check(Uint8Array.from(kept[0]), { key, rotations })).size, size)
      assert.equal((await check(Uint8Array.from(kept[0]), { key })).ok, key === keys[0])
    }
    const proof = path.join(reeve.folder, 'first.tlog-proof')
    const early = path.join(reeve.folder, 'kept.checkpoint')
    fs.writeFileSync(early, kept[1])
    await reeve.command('ledger', 'prove', '3', '--checkpoint', early, '-o', proof)
    for (const key of keys) {
      const report = await check(Uint8Array.from(fs.readFileSync(proof)), { key, rotations })
      assert.deepEqual([report.problems, report.index], [[], 3])
      const grown = await reeve.command('ledger', 'consistency', early, '--key', key, '--json')
      assert.equal(JSON.parse(grown).consistent, true)
    }
  })
})

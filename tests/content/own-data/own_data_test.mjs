// `reeve fingerprint` and `reeve edm`, and what `reeve scan` makes of what they registered.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { kProgram, kRoot } from '../../upstream/reeve_process.mjs'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-own-data-'))
const data = path.join(folder, 'data')
after(() => fs.rmSync(folder, { recursive: true, force: true }))

const reeve = (input, ...args) => {
  const { status, stdout, stderr } = spawnSync(kProgram, [...args, '--data', data], {
    input,
    encoding: 'utf8',
    cwd: folder,
  })
  return { status, stdout, stderr }
}
const json = (...args) => JSON.parse(reeve('', ...args, '--json').stdout)
const write = (name, text) => {
  const file = path.join(folder, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
  return file
}
// The types that a scan finds in a text, of those that are registered.
const found = (text) => {
  const detectors = path.join(kRoot, 'governance/detectors/documents')
  const { stdout } = reeve(`${JSON.stringify({ id: 1, text })}\n`, 'scan', '--jsonl', '--detectors', detectors)
  return JSON.parse(stdout).findings.filter(({ type }) => type.startsWith('registered-'))
}

describe('registered code', () => {
  // The program's own source is real, and here.
  const room = path.join(kRoot, 'src/ledger')
  const source = fs.readFileSync(path.join(room, 'tree.cpp'), 'utf8').split('\n')
  const paste = source.slice(30, 60).join('\n')

  test('is found when pasted, laid out anew, and with a name changed', () => {
    const added = json('fingerprint', 'add', room, '--label', 'ledger-room')
    assert.equal(added.label, 'ledger-room')
    assert.ok(added.files > 5 && added.entries > 1000)
    assert.equal(found(paste).length, 1)
    assert.equal(found(paste.replace(/\s+/g, ' ')).length, 1)
    assert.equal(found(paste.replaceAll('hash', 'digest')).length, 1)
    const around = `Why does this fail?\n\n${'What I tried so far did not help. '.repeat(40)}\n`
    const [finding] = found(around + paste + around)
    assert.ok(finding.start >= around.length - 200 && finding.end <= (around + paste).length + 200)
  })

  test('is not found in code of others', () => {
    const other = fs.readFileSync(path.join(kRoot, 'tests/upstream/upstream.mjs'), 'utf8')
    assert.deepEqual(found(other), [])
  })

  test('is listed, and gone when removed', () => {
    assert.deepEqual(json('fingerprint', 'list').map(({ name }) => name), ['ledger-room'])
    assert.equal(reeve('', 'fingerprint', 'remove', 'ledger-room').status, 0)
    assert.equal(reeve('', 'fingerprint', 'remove', 'ledger-room').status, 1)
    assert.deepEqual(json('fingerprint', 'list'), [])
    assert.deepEqual(found(paste), [])
  })

  test('needs a path with source', () => {
    assert.equal(reeve('', 'fingerprint', 'add', path.join(folder, 'nowhere'), '--label', 'x').status, 2)
    assert.equal(reeve('', 'fingerprint', 'add', folder).status, 2)
  })
})

describe('registered tables', () => {
  // Names of five letters without a pattern that a reader would see.
  const pick = (letters, n) => letters[n % letters.length]
  const word = (n) =>
    [pick('ABCDEFGHIJKLMNOPRSTUVWZ', n), pick('aeiou', n), pick('lmnrst', n >> 2), pick('aeiou', n >> 3)].join('') +
    pick('bdfgk', n >> 5)
  const rows = Array.from({ length: 400 }, (_, i) => ({
    account: String(5_510_000_007 + i * 7_919),
    name: `${word(i * 7)} ${word(i * 13 + 5)}son`,
    status: i % 3 ? 'active' : 'closed',
  }))
  const csv = write(
    'clients.csv',
    `account,name,status\n${rows.map((row) => Object.values(row).join(',')).join('\n')}\n`,
  )

  test('rows are found by a number and another field near by', () => {
    const added = json('edm', 'add', csv, '--label', 'clients')
    assert.deepEqual([added.name, added.label, added.entries], ['clients', 'clients', 400])
    for (const { account, name } of rows.filter((_, i) => i % 10 === 0)) {
      const spaced = `${account.slice(0, 3)} ${account.slice(3, 6)} ${account.slice(6)}`
      assert.equal(found(`${name.toUpperCase()}: ${account}`).length, 1)
      assert.equal(found(`{"account": "${spaced}", "owner": "${name}"}`).length, 1)
    }
  })

  test('a number alone, beside a common word or of nobody is not', () => {
    const { account, name } = rows[0]
    assert.deepEqual(found(account), [])
    assert.deepEqual(found(`${account} active`), [])
    assert.deepEqual(found(`${Number(account) + 1} ${name}`), [])
    assert.deepEqual(found(`${account} ${rows[1].name}`), [])
  })

  test('no value stands in the files that are kept', () => {
    const kept = fs.readdirSync(path.join(data, 'content')).filter((name) => name.endsWith('.own'))
    assert.equal(kept.length, 1)
    const file = path.join(data, 'content', kept[0])
    assert.equal(fs.statSync(file).mode & 0o777, 0o600)
    const bytes = fs.readFileSync(file, 'latin1')
    for (const { account, name } of rows) {
      assert.ok(!bytes.includes(account) && !bytes.includes(name.split(' ')[1]))
    }
  })

  test('a column that would match ordinary words is refused, with the reason', () => {
    const refused = reeve('', 'edm', 'add', csv, '--primary', 'status')
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /'status' cannot find rows by itself/)
    const loose = reeve('', 'edm', 'add', write('loose.csv', 'name,city\nAda,London\nGrace,Arlington\n'))
    assert.equal(loose.status, 2)
    assert.match(loose.stderr, /no column of the table can find rows/)
  })

  test('a damaged file stops with its name', () => {
    const content = path.join(data, 'content')
    const file = path.join(content, fs.readdirSync(content).find((name) => name.endsWith('.own')))
    const bytes = fs.readFileSync(file)
    bytes[bytes.length >> 1] ^= 1
    fs.writeFileSync(file, bytes)
    const listed = reeve('', 'edm', 'list')
    assert.equal(listed.status, 3)
    assert.match(listed.stderr, /is damaged/)
  })
})

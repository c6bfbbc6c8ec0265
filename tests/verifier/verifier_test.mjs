// The verifier over logs that are made here: published ones, packs, proofs, witnesses. Everything that can be wrong
// with what an auditor is given is done to it, and must be found and named.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { check, folderSource, memorySource } from '../../verifier/index.mjs'
import { kTileWidth, parseTilePath } from '../../verifier/tiles.mjs'
import { Random } from '../upstream/random.mjs'
import {
  consistencyProof,
  inclusionProof,
  leafOf,
  makeKey,
  packOf,
  publishedFiles,
  signedCheckpoint,
  writeFiles,
} from './made_log.mjs'

const kSeed = Number(process.env.SEED ?? 20261122)
const random = new Random(kSeed)
const kProgram = new URL('../../verifier/verify.mjs', import.meta.url).pathname

const key = makeKey('log.example/made')
const witnesses = [1, 2, 3].map((i) => makeKey(`witness.example/w${i}`, 4, 20 + i))
const witnessKeys = witnesses.map(({ text }) => text)
const entryAt = (i) => Buffer.from(`{"kind":"model.intent","pad":"${'x'.repeat(i % 97)}","seq":${i}}`)
const entriesOf = (size) => Array.from({ length: size }, (_, i) => entryAt(i))
const leavesOf = (size) => entriesOf(size).map(leafOf)

// {files, asked} of a log of `size` entries.
function published(size) {
  const checkpoint = signedCheckpoint(key, leavesOf(size), witnesses)
  return publishedFiles(key, entriesOf(size), checkpoint)
}
const checkFiles = (files, asked = {}) => check(memorySource('memory', files), { key: key.text, ...asked })
const problemsOf = async (files, asked) => (await checkFiles(files, asked)).problems.join('\n')

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'verifier-'))
after(() => fs.rmSync(temporary, { recursive: true }))

describe('a published log', () => {
  test('is sound at every kind of size', async () => {
    for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 600, 1024, 65536, 65537 + 300]) {
      const report = await checkFiles(published(size), { witnesses: witnessKeys })
      assert.deepEqual(report.problems, [], `${size} entries`)
      assert.deepEqual([report.ok, report.size, report.entries], [true, size, size])
    }
  })

  test('shows every kind of damage in every file, and which it is', async () => {
    const files = published(65536 + 700)
    const names = Object.keys(files).filter((name) => name.startsWith('tile/'))
    const chosen = names.filter(
      (name) => !/^tile\/(0|entries)\//.test(name) || random.between(0, 150) === 0 || name.includes('.p/'),
    )
    assert.ok(chosen.length >= 5)
    for (const name of chosen) {
      const { level, number } = parseTilePath(name)
      const spoil = async (what, bytes, expected) => {
        const found = await problemsOf({ ...files, [name]: bytes })
        assert.match(found, expected, `${name}, ${what}, SEED=${kSeed}`)
        if (bytes !== undefined) assert.equal(found.split('\n').length, 1, `${name}, ${what}: ${found}`)
      }
      const flipped = Buffer.from(files[name])
      const at = random.between(0, flipped.length - 1)
      flipped[at] ^= 1 << random.between(0, 7)
      const slot = Math.floor(at / 32)
      if (level === 'entries') {
        await spoil(
          `bit flipped in byte ${at}`,
          flipped,
          new RegExp(`entry \\d+ is not what was signed \\(${name}|${name}: `),
        )
      } else {
        await spoil(`bit flipped in byte ${at}`, flipped, new RegExp(`^${name}: hash ${slot} is not `))
      }
      await spoil('cut', files[name].subarray(0, -1), new RegExp(`^${name}: (ends|has)`))
      await spoil('longer', Buffer.concat([files[name], Buffer.of(0)]), new RegExp(`^${name}: has`))
      await spoil('gone', undefined, new RegExp(`^${name}: is missing`))
      assert.ok(Number.isInteger(number))
    }
  })

  test('names the entry that was changed', async () => {
    const files = published(1500)
    const entries = entriesOf(1500)
    entries[777] = Buffer.from(entries[777].toString().replace('intent', 'extent'))
    const changed = publishedFiles(key, entries, '')
    const bundle = 'tile/entries/003'
    const found = await problemsOf({ ...files, [bundle]: changed[bundle] })
    assert.match(found, /^entry 777 is not what was signed \(tile\/entries\/003, at byte \d+\)$/)
  })

  test('shows entries and tiles that were changed together', async () => {
    const files = published(1500)
    const entries = entriesOf(1500)
    entries[777] = Buffer.from('{}')
    const changed = publishedFiles(key, entries, '')
    const both = { 'tile/entries/003': changed['tile/entries/003'], 'tile/0/003': changed['tile/0/003'] }
    assert.match(await problemsOf({ ...files, ...both }), /^entries 768 to 1023 and tile\/0\/003 were changed together/)
    const all = { ...changed, checkpoint: files.checkpoint }
    assert.match(await problemsOf(all), /do not give the signed root/)
  })

  test('may have earlier partial tiles beside the newer ones, which must agree', async () => {
    const files = published(700)
    const earlier = publishedFiles(key, entriesOf(600), '')
    const old = ['tile/0/002.p/88', 'tile/entries/002.p/88']
    const with600 = { ...files, ...Object.fromEntries(old.map((name) => [name, earlier[name]])) }
    assert.equal(await problemsOf(with600), '')
    for (const name of old) {
      const flipped = Buffer.from(with600[name])
      flipped[100] ^= 4
      assert.match(await problemsOf({ ...with600, [name]: flipped }), new RegExp(`^${name}: `))
    }
    assert.match(
      await problemsOf({ ...files, 'tile/data/000': Buffer.of(1) }),
      /^tile\/data\/000: nothing of that name/,
    )
  })

  test('is found when a full tile has taken the place of the partial one', async () => {
    const files = published(700)
    const later = publishedFiles(key, entriesOf(800), '')
    const moved = { 'tile/0/002.p/188': undefined, 'tile/entries/002.p/188': undefined }
    const full = { 'tile/0/002': later['tile/0/002'], 'tile/entries/002': later['tile/entries/002'] }
    assert.equal(await problemsOf({ ...files, ...moved, ...full }), '')
  })

  test('must begin with checkpoints that were kept', async () => {
    const files = published(700)
    const kept = (size, leaves = leavesOf(700)) => [Buffer.from(signedCheckpoint(key, leaves, [], size))]
    for (const size of [0, 1, 255, 256, 600, 700]) assert.equal(await problemsOf(files, { kept: kept(size) }), '')
    const others = leavesOf(700).with(13, leafOf(Buffer.from('another past')))
    assert.match(await problemsOf(files, { kept: kept(600, others) }), /does not begin with the 600 entries/)
    assert.match(await problemsOf(files, { kept: kept(800, leavesOf(800)) }), /it was cut/)
    const other = makeKey('log.example/other')
    const foreign = [Buffer.from(signedCheckpoint(other, leavesOf(600)))]
    assert.match(await problemsOf(files, { kept: foreign }), /not signed by/)
  })

  test('shows without entries, too, what was changed', async () => {
    const files = published(1500)
    const hashes = Object.fromEntries(Object.entries(files).filter(([name]) => !name.includes('entries')))
    assert.equal(await problemsOf(hashes, { withEntries: false }), '')
    const flipped = Buffer.from(hashes['tile/0/003'])
    flipped[5] ^= 1
    assert.match(
      await problemsOf({ ...hashes, 'tile/0/003': flipped }, { withEntries: false }),
      /^tile\/0\/003: is not what/,
    )
  })

  test('may have what witnesses cosigned beside what was signed since', async () => {
    const files = published(700)
    const alone = { ...files, checkpoint: Buffer.from(signedCheckpoint(key, leavesOf(700))) }
    const asked = { witnesses: witnessKeys, quorum: 2 }
    assert.match(await problemsOf(alone, asked), /0 of 2 witnesses/)
    const cosigned = (leaves, size) => Buffer.from(signedCheckpoint(key, leaves, witnesses.slice(1), size))
    const with600 = { ...alone, 'cosigned-checkpoint': cosigned(leavesOf(700), 600) }
    const report = await checkFiles(with600, asked)
    assert.deepEqual([report.problems, report.cosigned_size, report.witnesses.length], [[], 600, 2])
    const split = { ...alone, 'cosigned-checkpoint': cosigned(leavesOf(700).with(1, leafOf(Buffer.from('x'))), 600) }
    assert.match(await problemsOf(split, asked), /does not begin with the 600 entries/)
    assert.match(await problemsOf(with600, { witnesses: witnessKeys }), /2 of 3 witnesses/)
  })

  test('is signed by the key that was given, and by no other', async () => {
    const files = published(10)
    assert.match(await problemsOf(files, { key: makeKey('log.example/made', 1, 9).text }), /not signed by/)
    assert.match(
      await problemsOf({ ...files, key: Buffer.from(makeKey('x.example').text) }),
      /is not the key that was given/,
    )
    const unasked = await check(memorySource('memory', files), {})
    assert.deepEqual([unasked.ok, unasked.key_given], [true, false])
    assert.match(await problemsOf(files, { witnesses: witnessKeys, quorum: 4 }), /cannot be met/)
    assert.match(await problemsOf(files, { witnesses: [witnessKeys[0], witnessKeys[0]] }), /given twice/)
  })
})

const kRanges = {
  one: [[700, 1]],
  all: [[0, 1500]],
  beginning: [[0, 300]],
  end: [[1499, 1]],
  middle: [[511, 514]],
  scattered: [
    [0, 1],
    [3, 2],
    [255, 2],
    [512, 256],
    [1001, 1],
    [1003, 1],
    [1499, 1],
  ],
}

describe('an evidence pack', () => {
  const leaves = leavesOf(1500)
  const checkpoint = signedCheckpoint(key, leaves, witnesses)
  const pack = (ranges, more) => packOf(key, leaves, entryAt, ranges, { checkpoint, more })
  // With digests that fit: what is wrong must show by the tree.
  const packWith = (ranges, change) => {
    const files = pack(ranges)
    const { 'pack.json': manifest, ...rest } = files
    return repacked({ ...rest, ...change(files) }, JSON.parse(manifest))
  }
  function repacked(files, manifest) {
    const digests = packOf(key, leaves, entryAt, [[0, 1]], { more: files })['pack.json']
    return { ...files, 'pack.json': Buffer.from(JSON.stringify({ ...manifest, files: JSON.parse(digests).files })) }
  }

  test('is sound for ranges and for scattered entries, with few hashes', async () => {
    for (const [name, ranges] of Object.entries(kRanges)) {
      const files = pack(ranges)
      const report = await checkFiles(files, { witnesses: witnessKeys, quorum: 2 })
      assert.deepEqual(report.problems, [], name)
      assert.equal(
        report.entries,
        ranges.reduce((sum, [, count]) => sum + count, 0),
      )
      const { hashes } = JSON.parse(files['proof.json'])
      assert.ok(hashes.length <= ranges.length * 22, `${name}: ${hashes.length} hashes`)
    }
    assert.equal(JSON.parse(pack(kRanges.all)['proof.json']).hashes.length, 0)
  })

  test('shows every changed bit of every file that must be there', async () => {
    const files = pack(kRanges.scattered.slice(0, 3), { 'report.md': Buffer.from('# Report\n') })
    for (const name of ['checkpoint', 'key', 'entries.jsonl', 'proof.json', 'leaves', 'report.md']) {
      const bits = files[name].length * 8
      for (let bit = 0; bit < bits; bit += name === 'leaves' || name === 'entries.jsonl' ? 1 : 3) {
        const flipped = Buffer.from(files[name])
        flipped[bit >> 3] ^= 1 << (bit & 7)
        const found = await problemsOf({ ...files, [name]: flipped })
        assert.notEqual(found, '', `${name}, bit ${bit}`)
      }
      assert.notEqual(await problemsOf({ ...files, [name]: undefined }), '', `${name} is gone`)
    }
    assert.match(await problemsOf({ ...files, 'more.txt': Buffer.of(1) }), /^more.txt: is not in pack.json$/)
  })

  test('names the line of a changed entry, even when the digests were made to fit', async () => {
    const change = ({ 'entries.jsonl': entries }) => {
      const lines = entries.toString().split('\n')
      lines[4] = lines[4].replace('intent', 'extent')
      return { 'entries.jsonl': Buffer.from(lines.join('\n')) }
    }
    const found = await problemsOf(packWith(kRanges.scattered, change))
    assert.equal(found, 'entries.jsonl, line 5: entry 256 is not what was signed')
  })

  test('shows entries that are left out, added, moved, or claimed for another place', async () => {
    const lines = ({ 'entries.jsonl': entries }) => entries.toString().split('\n').slice(0, -1)
    const withLines = (change) =>
      packWith(kRanges.scattered, (files) => ({ 'entries.jsonl': Buffer.from(`${change(lines(files)).join('\n')}\n`) }))
    assert.match(await problemsOf(withLines((all) => all.slice(1))), /has 263 entries where proof.json has 264/)
    assert.match(await problemsOf(withLines((all) => [...all, '{}'])), /more entries than proof.json has places for/)
    assert.match(await problemsOf(withLines((all) => [all[1], all[0], ...all.slice(2)])), /line 1: entry 0 is not/)
    const withProof = (change) =>
      packWith(kRanges.scattered, (files) => {
        const proof = JSON.parse(files['proof.json'])
        change(proof)
        return { 'proof.json': Buffer.from(JSON.stringify(proof)) }
      })
    const said = {
      'another place': (proof) => (proof.ranges[1] = [4, 2]),
      'ranges that overlap': (proof) => (proof.ranges[1] = [0, 2]),
      'a range beyond the end': (proof) => (proof.ranges[6] = [1500, 1]),
      'an empty range': (proof) => proof.ranges.push([1500, 0]),
      'a hash less': (proof) => proof.hashes.pop(),
      'a hash more': (proof) => proof.hashes.push(proof.hashes[0]),
      'another size': (proof) => (proof.size = 1501),
      'no ranges': (proof) => delete proof.ranges,
      'a number that is none': (proof) => (proof.ranges[0] = [0.5, 1]),
    }
    for (const [what, change] of Object.entries(said)) {
      assert.notEqual(await problemsOf(withProof(change)), '', what)
    }
  })

  test('has no files outside of itself', async () => {
    const files = pack(kRanges.one)
    for (const name of ['../key', '/key', 'a/../../key', 'a//b', 'a\\b', '.', '']) {
      const manifest = JSON.parse(files['pack.json'])
      manifest.files[name] = manifest.files.key
      const spoiled = { ...files, 'pack.json': Buffer.from(JSON.stringify(manifest)) }
      assert.match(await problemsOf(spoiled), /is not the name of a file of a pack/, name)
    }
  })

  test('is the same in one file', async () => {
    const files = pack(kRanges.scattered, { 'report.md': Buffer.from('# Report\n') })
    const { 'pack.json': manifest, ...rest } = files
    const contents = Object.fromEntries(Object.entries(rest).map(([name, bytes]) => [name, bytes.toString('utf8')]))
    const whole = Buffer.from(JSON.stringify({ ...JSON.parse(manifest), contents }))
    const report = await check(Uint8Array.from(whole), { key: key.text })
    assert.deepEqual([report.problems, report.entries, report.other_files], [[], 264, 1])
    const spoiled = Uint8Array.from(Buffer.from(whole.toString().replace('# Report', '# report')))
    assert.match((await check(spoiled, { key: key.text })).problems.join(), /report.md: is not the file/)
  })
})

describe('the program', () => {
  const run = (...args) =>
    new Promise((resolve) =>
      execFile(process.execPath, [kProgram, ...args], (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      ),
    )
  const folder = (name, files) => {
    writeFiles(path.join(temporary, name), files)
    return path.join(temporary, name)
  }

  test('says by its exit what it found, and tells people and programs', async () => {
    const good = folder('good', published(300))
    const bad = folder('bad', { ...published(300), 'tile/0/000': Buffer.alloc(8192) })
    const sound = await run(good, '--key', key.text, ...witnessKeys.flatMap((text) => ['--witness', text]))
    assert.deepEqual([sound.code, sound.stderr], [0, ''])
    assert.match(sound.stdout, /300 entries are signed[^]*cosigned by witness.example\/w1 at 2026[^]*SOUND/)
    const { code, stdout } = await run(bad, '--key', `@${path.join(good, 'key')}`, '--json')
    const report = JSON.parse(stdout)
    assert.deepEqual([code, report.ok, report.problems.length], [1, false, 256])
    assert.match((await run(good)).stdout, /no --key was given/)
    for (const args of [
      [],
      [good, '--quorum'],
      [good, '--quorum', 'x'],
      [good, '--colour'],
      [path.join(temporary, 'none')],
    ]) {
      assert.equal((await run(...args)).code, 2, args.join(' '))
    }
    assert.equal((await run(temporary, '--key', key.text)).code, 1)
  })

  test('checks a proof with its entry, and a checkpoint alone', async () => {
    const leaves = leavesOf(300)
    const note = signedCheckpoint(key, leaves)
    const hashes = inclusionProof(leaves, 77)
      .map((hash) => `${hash.toString('base64')}\n`)
      .join('')
    const files = {
      proof: `c2sp.org/tlog-proof@v1\nindex 77\n${hashes}\n${note}`,
      entry: `${entryAt(77)}\n`,
      other: `${entryAt(78)}`,
    }
    const at = (name) => path.join(folder('proofs', { ...files, note }), name)
    const asked = ['--key', key.text]
    assert.equal((await run(at('proof'), ...asked, '--entry', at('entry'))).code, 0)
    assert.equal((await run(at('proof'), ...asked, '--entry', at('other'))).code, 1)
    assert.equal((await run(at('proof'), ...asked)).code, 1)
    const extra = `extra ${entryAt(77).toString('base64')}`
    writeFiles(path.join(temporary, 'proofs'), { carrying: files.proof.replace('index', `${extra}\nindex`) })
    assert.match((await run(at('carrying'), ...asked)).stdout, /entry 77: \{"kind":"model.intent"[^]*SOUND/)
    assert.equal((await run(at('carrying'), ...asked, '--entry', at('other'))).code, 1)
    assert.equal((await run(at('note'), ...asked)).code, 0)
    assert.equal((await run(at('note'), '--key', makeKey('log.example/made', 1, 3).text)).code, 1)
    assert.equal((await run(at('entry'), ...asked)).code, 1)
  })

  test('checks that a log goes on from a checkpoint that was kept', async () => {
    const leaves = leavesOf(300)
    const hashes = consistencyProof(leaves, 200).map((hash) => `${hash.toString('base64')}\n`)
    const consistency = (lines) => `old 200\n${lines.join('')}\n${signedCheckpoint(key, leaves)}`
    const kept = (list) => signedCheckpoint(key, list, [], 200)
    const files = { good: consistency(hashes), short: consistency(hashes.slice(1)), kept: kept(leaves) }
    const others = { other: kept(leaves.with(3, leaves[4])), size: signedCheckpoint(key, leaves, [], 201) }
    const at = (name) => path.join(folder('consistency', { ...files, ...others }), name)
    const codeOf = async (proof, known) => (await run(at(proof), '--key', key.text, '--kept', at(known))).code
    assert.equal(await codeOf('good', 'kept'), 0)
    for (const [proof, known] of [
      ['short', 'kept'],
      ['good', 'other'],
      ['good', 'size'],
    ]) {
      assert.equal(await codeOf(proof, known), 1, `${proof}, ${known}`)
    }
  })

  test('reads a folder as it reads memory', async () => {
    const files = published(700)
    const source = await folderSource(folder('same', files))
    assert.deepEqual((await check(source, { key: key.text })).problems, [])
    assert.equal((await source.names()).length, Object.keys(files).length)
    assert.ok(kTileWidth === 256)
  })
})

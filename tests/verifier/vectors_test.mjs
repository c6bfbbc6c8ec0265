// The verifier against tests/ledger-vectors, with every way to hash and to check signatures that there is.

import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { ownVerify, verifyEd25519 } from '../../verifier/ed25519.mjs'
import { sha256, sha256Ways, sha512, toHex } from '../../verifier/hash.mjs'
import { checkConsistency, checkInclusion, Frontier, leafHash } from '../../verifier/merkle.mjs'
import {
  Fault,
  openCheckpoint,
  parseNote,
  parseVerifierKey,
  parseWitnessKeys,
  verifyNote,
} from '../../verifier/note.mjs'
import { hashesAt, kTileWidth, parseTilePath, splitBundle, tilePath } from '../../verifier/tiles.mjs'
import { checkConsistencyProof, checkTlogProof } from '../../verifier/tlog_proof.mjs'

const vectors = (name) =>
  JSON.parse(fs.readFileSync(new URL(`../ledger-vectors/${name}.json`, import.meta.url), 'utf8'))
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'))
const utf8 = (text) => new TextEncoder().encode(text)

// `action` succeeds for what is ok; for what is not it throws a Fault, never anything else.
async function expectOutcome({ name, key, ok }, action) {
  const failed = await Promise.resolve()
    .then(action)
    .then(
      () => null,
      (error) => error,
    )
  if (ok) assert.equal(failed, null, `${name ?? key}: ${failed?.stack}`)
  else assert.ok(failed instanceof Fault, `${name ?? key}: ${failed?.stack ?? 'was accepted'}`)
}

test('every way to hash gives what Node gives, at every length around a block', () => {
  for (const [name, hashInto] of Object.entries(sha256Ways)) {
    for (let length = 0; length < 300; length++) {
      const message = crypto.randomBytes(length + 2)
      const out = new Uint8Array(40)
      hashInto(message, 1, 1 + length, out, 5)
      const expected = crypto
        .createHash('sha256')
        .update(message.subarray(1, 1 + length))
        .digest('hex')
      assert.equal(toHex(out.subarray(5, 37)), expected, `${name}, ${length} bytes`)
    }
  }
  for (let length = 0; length < 300; length += 7) {
    const message = crypto.randomBytes(length)
    assert.equal(toHex(sha512(message)), crypto.createHash('sha512').update(message).digest('hex'))
  }
})

test('Ed25519, by Node and by our own', async () => {
  for (const { name, public_key, message, signature, ok } of vectors('ed25519')) {
    const given = [bytes(public_key), bytes(message), bytes(signature)]
    assert.equal(await verifyEd25519(...given), ok, name)
    assert.equal(ownVerify(...given), ok, `${name}, by our own`)
  }
})

test('Ed25519 of our own says what Node says of keys and signatures at random', () => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519')
  const key = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  for (let i = 0; i < 12; i++) {
    const message = crypto.randomBytes(i * 13)
    const signature = Uint8Array.from(crypto.sign(null, message, privateKey))
    assert.equal(ownVerify(key, message, signature), true)
    signature[crypto.randomInt(64)] ^= 1 << crypto.randomInt(8)
    assert.equal(ownVerify(key, message, signature), false)
  }
})

test('the tree', () => {
  const { entries, roots } = vectors('tree')
  const tree = new Frontier()
  roots.forEach((root, size) => {
    assert.equal(toHex(tree.root()), root, `${size} entries`)
    if (size < entries.length) tree.pushSubtree(0, leafHash(bytes(entries[size])))
  })
})

test('inclusion', async () => {
  for (const one of vectors('inclusion')) {
    const leaf = leafHash(bytes(one.entry))
    await expectOutcome(one, () => checkInclusion(leaf, one.index, one.size, one.proof.map(bytes), bytes(one.root)))
  }
})

test('consistency', async () => {
  for (const one of vectors('consistency')) {
    const roots = [bytes(one.first_root), bytes(one.second_root)]
    await expectOutcome(one, () => checkConsistency(one.first, one.second, ...roots, one.proof.map(bytes)))
  }
})

test('notes and keys', async () => {
  for (const one of vectors('keys')) {
    await expectOutcome(one, () => assert.equal(parseVerifierKey(one.key).name, one.name))
  }
  for (const one of vectors('notes')) {
    await expectOutcome(one, async () => {
      const note = parseNote(utf8(one.note))
      await verifyNote(note, parseVerifierKey(one.key))
      assert.equal(note.text, one.text)
    })
  }
})

test('checkpoints and cosignatures', async () => {
  for (const one of vectors('checkpoints')) {
    await expectOutcome(one, async () => {
      const witnesses = parseWitnessKeys(one.witnesses)
      const found = await openCheckpoint(utf8(one.note), parseVerifierKey(one.key), witnesses, one.quorum)
      const { origin, size, root } = found
      assert.deepEqual([origin, size, toHex(root)], [one.origin, one.size, one.root])
      assert.ok(found.witnesses.length >= one.quorum)
    })
  }
})

test('proofs in a file', async () => {
  for (const one of vectors('tlog-proofs')) {
    await expectOutcome(one, async () => {
      const witnesses = parseWitnessKeys(one.witnesses)
      const key = parseVerifierKey(one.key)
      const { index } = await checkTlogProof(utf8(one.proof), bytes(one.entry), [key], witnesses, one.quorum)
      assert.equal(index, one.index)
    })
  }
})

// What a witness is asked is a proof of consistency in the verifier's words: it holds when a witness must cosign.
test('requests to witnesses', async () => {
  const kNothing = { size: 0, root: sha256(new Uint8Array(0)) }
  for (const one of vectors('witness')) {
    const key = parseVerifierKey(one.log)
    const seen = one.seen === null ? kNothing : await openCheckpoint(utf8(one.seen), key)
    await expectOutcome(one, async () => {
      const { origin } = await checkConsistencyProof(utf8(one.request), [seen], [key])
      assert.equal(origin, key.name)
    })
  }
})

test('tiles', () => {
  const { paths, not_paths, sizes, bundle } = vectors('tiles')
  for (const { level, number, width, path } of paths) {
    assert.equal(tilePath(level, number, width), path)
    assert.deepEqual(parseTilePath(path), { level, number, width })
  }
  for (const path of not_paths) assert.equal(parseTilePath(path), null, path)
  for (const { size, tiles } of sizes) {
    tiles.forEach(([full, width], level) => {
      const hashes = hashesAt(level, size)
      assert.deepEqual([Math.floor(hashes / kTileWidth), hashes % kTileWidth], [full, width], `${size}, level ${level}`)
    })
    assert.equal(hashesAt(tiles.length, size), 0)
  }
  const content = bytes(bundle.bytes)
  const spans = splitBundle(content, bundle.entries.length)
  assert.deepEqual(
    spans.map(([start, end]) => toHex(content.subarray(start, end))),
    bundle.entries,
  )
  for (let length = 0; length < content.length; length++) {
    assert.equal(typeof splitBundle(content.subarray(0, length), bundle.entries.length), 'string')
  }
  assert.equal(typeof splitBundle(content, bundle.entries.length - 1), 'string')
})

// Writes the vectors beside it: `node make.mjs`. What is public is given here as it is published; the rest follows from
// the definitions (../verifier/made_log.mjs), by none of the code that is tested with it.

import fs from 'node:fs'
import {
  checkpointText,
  consistencyProof,
  cosignatureLine,
  inclusionProof,
  leafOf,
  makeKey,
  signatureLine,
  signedCheckpoint,
  treeHash,
} from '../verifier/made_log.mjs'

const hex = (bytes) => bytes.toString('hex')
const write = (name, value) => {
  const rows = Array.isArray(value)
    ? `[\n${value.map((one) => JSON.stringify(one)).join(',\n')}\n]`
    : JSON.stringify(value)
  fs.writeFileSync(new URL(`${name}.json`, import.meta.url), `${rows}\n`)
}

// ---- The tree that implementations of Certificate Transparency are tested with ----

const kEntries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const kRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
write('tree', { entries: kEntries, roots: kRoots })
const leaves = kEntries.map((entry) => leafOf(Buffer.from(entry, 'hex')))
for (const [size, root] of kRoots.entries()) {
  if (hex(treeHash(leaves, 0, size)) !== root) throw new Error(`the published root of ${size} leaves is another`)
}
const rootOf = (size) => kRoots[size]
const flip = (text) => (text[0] === '0' ? '1' : '0') + text.slice(1)

// What mistaken verifiers let through: proofs with a hash too many, too few, changed or moved; other sizes; roots that
// changed places.
function spoiledProofs(proof) {
  const spoiled = [
    ['a hash more at the end', [...proof, kRoots[0]]],
    ['a hash more at the front', [kRoots[0], ...proof]],
  ]
  if (proof.length > 0)
    spoiled.push(['its last hash left out', proof.slice(0, -1)], ['its first hash left out', proof.slice(1)])
  if (proof.length > 1) spoiled.push(['two hashes changed places', [proof[1], proof[0], ...proof.slice(2)]])
  proof.forEach((hash, i) => spoiled.push([`hash ${i} changed`, proof.toSpliced(i, 1, flip(hash))]))
  return spoiled
}

// ---- Inclusion ----

const inclusion = []
for (let size = 1; size <= kEntries.length; size++) {
  for (let index = 0; index < size; index++) {
    const proof = inclusionProof(leaves.slice(0, size), index).map(hex)
    const good = { index, size, entry: kEntries[index], proof, root: rootOf(size) }
    const name = `entry ${index} of ${size}`
    inclusion.push({ name, ...good, ok: true })
    const bad = (what, change) => inclusion.push({ name: `${name}, ${what}`, ...good, ...change, ok: false })
    if (![1, 5, 7, 8].includes(size)) continue
    for (const [what, spoiled] of spoiledProofs(proof)) bad(what, { proof: spoiled })
    bad('as if beyond the end', { index: size })
    bad('as if of an empty tree', { size: 0 })
    bad('with another entry', { entry: `${kEntries[index]}ff` })
    bad('with another root', { root: flip(rootOf(size)) })
    if (size > 1) bad('as if the next one', { index: (index + 1) % size })
    bad('as if of a tree twice as large', { size: size * 2 })
  }
}
write('inclusion', inclusion)

// ---- Consistency ----

const consistency = []
for (let second = 1; second <= kEntries.length; second++) {
  for (let first = 1; first <= second; first++) {
    const proof = consistencyProof(leaves.slice(0, second), first).map(hex)
    const good = { first, second, first_root: rootOf(first), second_root: rootOf(second), proof }
    const name = `${first} in ${second}`
    consistency.push({ name, ...good, ok: true })
    const bad = (what, change) => consistency.push({ name: `${name}, ${what}`, ...good, ...change, ok: false })
    if (![2, 6, 7, 8].includes(second)) continue
    for (const [what, spoiled] of spoiledProofs(proof)) bad(what, { proof: spoiled })
    bad('with another earlier root', { first_root: flip(rootOf(first)) })
    bad('with another later root', { second_root: flip(rootOf(second)) })
    if (first === second) continue
    bad('roots swapped', { first_root: rootOf(second), second_root: rootOf(first) })
    bad('sizes swapped', { first: second, second: first })
    bad('without a proof', { proof: [] })
  }
}
// As published with transparency-dev/merkle.
const base64 = (text) => hex(Buffer.from(text, 'base64'))
consistency.push({
  name: '6 in 7, as published',
  first: 6,
  second: 7,
  first_root: base64('duZ9rbzfHhDht03cYIq9L5jfsW+851J3tSMqEn8gh+8='),
  second_root: base64('3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw='),
  proof: [
    base64('DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o='),
    base64('sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8='),
    base64('037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc='),
  ],
  ok: true,
})
write('consistency', consistency)

// ---- Ed25519: RFC 8032, 7.1 ----

const kRfc8032 = [
  {
    name: 'RFC 8032, test 1',
    public_key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    name: 'RFC 8032, test 2',
    public_key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    name: 'RFC 8032, test 3',
    public_key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    name: 'RFC 8032, test SHA(abc)',
    public_key: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a' +
      '2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    signature:
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589' +
      '09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
]
const kOrder = 2n ** 252n + 27742317777372353535851937790883648493n
const reversed = (bytes) => Buffer.from(bytes).reverse()
// The same signature with S + L: the equation holds, but RFC 8032 wants S below the group's order.
function withLargerS(signature) {
  const bytes = Buffer.from(signature, 'hex')
  const s = BigInt(`0x${hex(reversed(bytes.subarray(32)))}`) + kOrder
  return hex(Buffer.concat([bytes.subarray(0, 32), reversed(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'))]))
}
write('ed25519', [
  ...kRfc8032.map((one) => ({ ...one, ok: true })),
  ...kRfc8032.map((one) => ({ ...one, name: `${one.name}, R changed`, signature: flip(one.signature), ok: false })),
  ...kRfc8032.map((one) => ({
    ...one,
    name: `${one.name}, S too large`,
    signature: withLargerS(one.signature),
    ok: false,
  })),
  ...kRfc8032.map((one) => ({ ...one, name: `${one.name}, message changed`, message: `${one.message}00`, ok: false })),
  ...kRfc8032.map((one, i) => ({
    ...one,
    name: `${one.name}, another's key`,
    public_key: kRfc8032[(i + 1) % kRfc8032.length].public_key,
    ok: false,
  })),
])

// ---- Signed notes ----

// From the documentation of Go's golang.org/x/mod/sumdb/note, where the form comes from.
const kGoKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const kGoText = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const kGoLine =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const log = makeKey('log.example/one', 1, 1)
const namesake = makeKey('log.example/one', 1, 2)
const other = makeKey('log.example/two', 1, 3)
const note = (text, ...lines) => `${text}\n${lines.join('')}`
const twoParts = 'first part\n\nsecond part\n'
// A checkpoint of Go's checksum database, as it was public in January 2023, with somebody's signature beside its own.
const kGoSumKey = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'
const kGoSumText = 'go.sum database tree\n15067302\ngJyioq6dwR9n+NjEWORfYmH+ubeYm3kH42BBQ0bTpYI=\n'
const kGoSumLines = [
  [
    'sum.golang.org',
    'Az3grp1rvWOs5NKlr/xR4GLN/CDyzzakmt1o61uSxYKpK1SerqOP2ClbX/peKUZjYnyomH5Xz7GZG3TpB7OeKn4E2ww=',
  ],
  [
    'test.example.com',
    'qTGhC/xIPQ0AXKHK6Y+9ypRfuvMZWPjRXM8NiOg5M1WREn07VQXyuIXM3NRNav3ieVFLUqDRK77PWDmL6w8w84UqeAw=',
  ],
].map(([name, signature]) => `\u2014 ${name} ${signature}\n`)
write('notes', [
  { name: 'signed by Go', note: note(kGoText, kGoLine), key: kGoKey, text: kGoText, ok: true },
  {
    name: "a checkpoint of Go's checksum database",
    note: note(kGoSumText, ...kGoSumLines),
    key: kGoSumKey,
    text: kGoSumText,
    ok: true,
  },
  {
    name: "a checkpoint of Go's checksum database, size changed",
    note: note(kGoSumText.replace('15067302', '15067303'), ...kGoSumLines),
    key: kGoSumKey,
    ok: false,
  },
  { name: 'signed by Go, text changed', note: note(kGoText.replace('If', 'if'), kGoLine), key: kGoKey, ok: false },
  {
    name: 'an empty line in the text',
    note: note(twoParts, signatureLine(log, twoParts)),
    key: log.text,
    text: twoParts,
    ok: true,
  },
  ...[
    [
      'a signature of somebody unknown beside it',
      note('a\n', signatureLine(other, 'a\n'), signatureLine(log, 'a\n')),
      true,
    ],
    ['a namesake beside it', note('a\n', signatureLine(namesake, 'a\n'), signatureLine(log, 'a\n')), true],
    ['signed by a namesake', note('a\n', signatureLine(namesake, 'a\n')), false],
    ['signed by somebody else', note('a\n', signatureLine(other, 'a\n')), false],
    ['signature of another text', note('a\n', signatureLine(log, 'b\n')), false],
    ['no signature', 'a\n\n', false],
    ['no empty line', `a\n${signatureLine(log, 'a\n')}`, false],
    ['no newline at the end', note('a\n', signatureLine(log, 'a\n')).slice(0, -1), false],
    ['a hyphen for the dash', note('a\n', signatureLine(log, 'a\n').replace('\u2014', '-')), false],
    ['a control character', note('a\u0007\n', signatureLine(log, 'a\u0007\n')), false],
    ['a carriage return', note('a\r\n', signatureLine(log, 'a\r\n')), false],
    ['something behind the signatures', `${note('a\n', signatureLine(log, 'a\n'))}more\n`, false],
    ['base64 that is cut', note('a\n', `${signatureLine(log, 'a\n').slice(0, -6)}\n`), false],
  ].map(([name, text, ok]) => ({ name, note: text, key: log.text, ...(ok ? { text: 'a\n' } : {}), ok })),
])

// Keys that are well formed, and such as are not. sum.golang.org's is public.
write('keys', [
  { key: kGoSumKey, name: 'sum.golang.org', ok: true },
  { key: kGoKey, name: 'PeterNeumann', ok: true },
  { key: log.text, name: log.name, ok: true },
  { key: kGoKey.replace('c74f20a3', 'c74f20a4'), ok: false },
  { key: kGoKey.replace('PeterNeumann', 'Peter Neumann'), ok: false },
  { key: kGoKey.replace('PeterNeumann', ''), ok: false },
  { key: kGoKey.replace('+ARpc', '+ERpc'), ok: false },
  { key: kGoKey.slice(0, -4), ok: false },
  { key: '', ok: false },
])

// ---- Checkpoints and cosignatures ----

const witnesses = [1, 2, 3].map((i) => makeKey(`witness.example/w${i}`, 4, 10 + i))
const keysOf = (...list) => list.map(({ text }) => text)
const text = checkpointText(log.name, leaves)
const signed = (...cosigners) => signedCheckpoint(log, leaves, cosigners)
const [w1, w2, w3] = witnesses
const good = { key: log.text, origin: log.name, size: leaves.length, root: rootOf(leaves.length) }
const withText = (lines) => note(lines, signatureLine(log, lines))
const [origin, size, root] = text.split('\n')
const later = cosignatureLine(w1, text, 1_790_000_000)
const moved = Buffer.from(later.split(' ')[2], 'base64')
moved[11] ^= 1
write('checkpoints', [
  { name: 'signed by the log', note: signed(), witnesses: [], quorum: 0, ...good, ok: true },
  {
    name: 'the empty log',
    note: signedCheckpoint(log, []),
    witnesses: [],
    quorum: 0,
    ...good,
    size: 0,
    root: kRoots[0],
    ok: true,
  },
  { name: 'a further line', note: withText(`${text}more\n`), witnesses: [], quorum: 0, ...good, ok: true },
  ...[
    ['1 of 1', signed(w1), [w1], 1, true],
    ['2 of 3', signed(w1, w3), witnesses, 2, true],
    ['3 of 3', signed(w1, w2, w3), witnesses, 3, true],
    ['2 of 3, one cosigned', signed(w2), witnesses, 2, false],
    ['1 of 1, none cosigned', signed(), [w1], 1, false],
    ['1 of 1, only a stranger cosigned', signed(w2), [w1], 1, false],
    ['2 of 3, one cosigned twice', signed(w1, w1), witnesses, 2, false],
    ['none asked for, a wrong line of an unknown witness', `${signed()}${later.replace('/w1', '/w9')}`, [], 0, true],
    ['1 of 1, of another tree', `${signed()}${cosignatureLine(w1, text.replace('8', '9'), 1)}`, [w1], 1, false],
    ['1 of 1, its time changed', `${signed()}\u2014 ${w1.name} ${moved.toString('base64')}\n`, [w1], 1, false],
    ["1 of 1, the log's signature missing", note(text, later), [w1], 1, false],
  ].map(([name, value, keys, quorum, ok]) => ({ name, note: value, witnesses: keysOf(...keys), quorum, ...good, ok })),
  ...[
    ['another log', withText(text.replace(origin, 'log.example/two'))],
    ['a size with a zero before it', withText(`${origin}\n08\n${root}\n`)],
    ['a size with a sign', withText(`${origin}\n+8\n${root}\n`)],
    ['no root', withText(`${origin}\n${size}\n`)],
    ['a short root', withText(`${origin}\n${size}\n${root.slice(0, 40)}\n`)],
    ['an empty origin', withText(`\n${size}\n${root}\n`)],
  ].map(([name, value]) => ({ name, note: value, witnesses: [], quorum: 0, ...good, ok: false })),
])

// ---- Proofs in a file ----

const proofText = (index, { extra = '', hashes = inclusionProof(leaves, index), checkpoint = signed(w1, w2) } = {}) =>
  [
    `c2sp.org/tlog-proof@v1\n${extra}index ${index}`,
    ...hashes.map((hash) => hash.toString('base64')),
    '',
    checkpoint,
  ].join('\n')
const proven = (index) => ({ entry: kEntries[index], key: log.text, witnesses: keysOf(w1, w2), quorum: 2, index })
write('tlog-proofs', [
  ...leaves.map((_, i) => ({ name: `entry ${i}`, proof: proofText(i), ...proven(i), ok: true })),
  { name: 'extra data', proof: proofText(3, { extra: 'extra AQID\n' }), ...proven(3), ok: true },
  { name: 'another entry', proof: proofText(3), ...proven(3), entry: kEntries[4], ok: false },
  { name: 'another place', proof: proofText(3).replace('index 3', 'index 4'), ...proven(3), ok: false },
  { name: 'a zero before the index', proof: proofText(3).replace('index 3', 'index 03'), ...proven(3), ok: false },
  { name: 'a hash less', proof: proofText(3, { hashes: inclusionProof(leaves, 3).slice(1) }), ...proven(3), ok: false },
  { name: 'too few witnesses', proof: proofText(3, { checkpoint: signed(w1) }), ...proven(3), ok: false },
  { name: 'another header', proof: proofText(3).replace('@v1', '@v2'), ...proven(3), ok: false },
  { name: 'no checkpoint', proof: proofText(3).split('\n\n')[0], ...proven(3), ok: false },
])

// ---- Tiles ----

write('tiles', {
  // 1234067 is the specification's own example.
  paths: [
    { level: 0, number: 0, width: 256, path: 'tile/0/000' },
    { level: 0, number: 1234067, width: 256, path: 'tile/0/x001/x234/067' },
    { level: 1, number: 999, width: 256, path: 'tile/1/999' },
    { level: 2, number: 1000, width: 1, path: 'tile/2/x001/000.p/1' },
    { level: 63, number: 12, width: 255, path: 'tile/63/012.p/255' },
    { level: 'entries', number: 273, width: 112, path: 'tile/entries/273.p/112' },
  ],
  not_paths: [
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/00/000',
    'tile/64/000',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/-1/000',
    'tile/entries/00a',
    'tile/data/000',
    'tile/0/../0/000',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/000.p/1/2',
    'tile//000',
    'tile/0/x1/000',
    'TILE/0/000',
    'tile/0/%30000',
  ],
  // The specification's: 273 full tiles and one of 112 at level 0, a full one and one of 17 at level 1, one of 1 above.
  sizes: [
    {
      size: 70000,
      tiles: [
        [273, 112],
        [1, 17],
        [0, 1],
      ],
    },
    {
      size: 256,
      tiles: [
        [1, 0],
        [0, 1],
      ],
    },
    { size: 255, tiles: [[0, 255]] },
    {
      size: 65536,
      tiles: [
        [256, 0],
        [1, 0],
        [0, 1],
      ],
    },
  ],
  bundle: {
    entries: kEntries,
    bytes: kEntries.map((entry) => `${(entry.length / 2).toString(16).padStart(4, '0')}${entry}`).join(''),
  },
})

// ---- What a witness answers (c2sp.org/tlog-witness): add-checkpoint after `seen`, which it cosigned before ----

const others = ['aa', 'bb', 'cc', 'dd', 'ee', 'ff', '0a', '0b'].map((entry) => leafOf(Buffer.from(entry, 'hex')))
const signedAt = (size, story = leaves, key = log) => signedCheckpoint(key, story, [], size)
const hashLines = (hashes) => hashes.map((hash) => `${hash.toString('base64')}\n`).join('')
const request = (old, hashes, checkpoint) => `old ${old}\n${hashLines(hashes)}\n${checkpoint}`
const growth = (old, size, story = leaves) =>
  request(old, old === 0 ? [] : consistencyProof(story.slice(0, size), old), signedAt(size, story))
const between = (old, size) => consistencyProof(leaves.slice(0, size), old)
const cosigned = (old, size) => ({ seen: old === 0 ? null : signedAt(old), request: growth(old, size), status: 200 })
const after5 = (name, body, status) => ({ name, seen: signedAt(5), request: body, status })
const stale = (name, body) => ({ ...after5(name, body, 409), answer: '5\n' })
const unsigned = signedAt(8).split('\n\n')[0]
write('witness', [
  ...[1, 2, 7, 8].map((size) => ({ name: `the first that is seen, of ${size}`, ...cosigned(0, size) })),
  ...[2, 3, 4, 5, 6, 7, 8].flatMap((size) =>
    Array.from({ length: size }, (_, i) => ({ name: `${i + 1} grows to ${size}`, ...cosigned(i + 1, size) })),
  ),
  after5('a further signature beside the log\'s', request(5, between(5, 8), signedCheckpoint(log, leaves, [w1])), 200),
  stale('it stands elsewhere: old is smaller', growth(4, 8)),
  stale('it stands elsewhere: old is larger', growth(6, 8)),
  stale('it stands elsewhere: as if nothing was seen', growth(0, 8)),
  stale('a smaller tree', growth(2, 4)),
  stale('another root for the same size', request(5, [], signedAt(5, others))),
  after5('old is larger than the checkpoint', request(6, [], signedAt(5)), 400),
  after5('another history', request(5, consistencyProof(others, 5), signedAt(8, others)), 422),
  after5('a proof of another size', request(5, between(6, 8), signedAt(8)), 422),
  after5('no proof', request(5, [], signedAt(8)), 422),
  after5('a hash less', request(5, between(5, 8).slice(1), signedAt(8)), 422),
  after5('a hash more', request(5, [...between(5, 8), leaves[0]], signedAt(8)), 422),
  after5('hashes that changed places', request(5, between(5, 8).toReversed(), signedAt(8)), 422),
  after5('a hash where none is needed', request(5, [leaves[0]], signedAt(5)), 422),
  after5('a log that it does not know', request(5, between(5, 8), signedAt(8, leaves, other)), 404),
  after5('a key that it does not know', request(5, between(5, 8), signedAt(8, leaves, namesake)), 403),
  after5('signature of another text', request(5, between(5, 8), signedAt(8).replace('\n8\n', '\n9\n')), 403),
  after5('no signature', request(5, between(5, 8), `${unsigned}\n\n`), 400),
  after5('nothing', '', 400),
  after5('no old size', growth(5, 8).replace('old 5\n', ''), 400),
  after5('an old size with a zero before it', growth(5, 8).replace('old 5', 'old 05'), 400),
  after5('an old size with a sign', growth(5, 8).replace('old 5', 'old +5'), 400),
  after5('an old size that is none', growth(5, 8).replace('old 5', 'old five'), 400),
  after5('an old size beyond 64 bits', growth(5, 8).replace('old 5', 'old 18446744073709551621'), 400),
  after5('no empty line', growth(5, 8).replace('\n\n', '\n'), 400),
  after5('a short hash', request(5, [leaves[0].subarray(1)], signedAt(8)), 400),
  after5('a hash that is no base64', `old 5\n?\n\n${signedAt(8)}`, 400),
  after5('64 hashes', request(5, Array(64).fill(leaves[0]), signedAt(8)), 400),
  after5('63 hashes', request(5, Array(63).fill(leaves[0]), signedAt(8)), 422),
  after5('no checkpoint', `old 5\n${hashLines(between(5, 8))}\n`, 400),
].map((one) => ({ ...one, log: log.text, ok: one.status === 200 })))

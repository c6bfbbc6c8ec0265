// A log of 10,000 entries that the real program wrote: whatever bit of its published files and segments is changed, the
// verifier finds it and names the place, and so does `reeve ledger verify`.
//
// That is some 170 million bits. One run of the verifier judges many of them: each round changes one bit of every entry
// (or of every hash), and every one of them must be named, and nothing else. That says the same of a bit that is
// changed alone: what is compared of an entry is its own hash with its own place in a tile; and the tile is shown right
// by the hash above it, against which the entries of the tile speak the less, the more of them are changed.
// What cannot be judged together has runs of its own:
//   - lengths in bundles: one of them takes its bundle apart, so one bit of each bundle a run
//   - older partial files: named once each, so one bit of each a run; those of entries over the right edge alone, those
//     of tiles without the entries
//   - checkpoint, key, headers of segments: one bit a run
//   - frames: the verifier ends at the first that is not good; which it is, is one function's word, asked for every bit
//   - `reeve ledger verify`: see bench/ledger_bits.cpp
//
// STRIDE=1 takes every bit; otherwise one position in so many, another one from place to place. LEDGER=FOLDER takes a
// closed ledger that is there already. FLIPS whole runs of both programs, of one bit each at random.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { check, memorySource } from '../../verifier/index.mjs'
import { Frontier, leafHash } from '../../verifier/merkle.mjs'
import { PublishedLog } from '../../verifier/published.mjs'
import { frameAt, Segments } from '../../verifier/segments.mjs'
import { kTileWidth, splitBundle, tilePath } from '../../verifier/tiles.mjs'
import { Random } from '../upstream/random.mjs'
import { kProgram } from '../upstream/reeve_process.mjs'
import { BitsLog, flip } from './bits_log.mjs'

const kSeed = Number(process.env.SEED ?? 20261122)
const kStride = Number(process.env.STRIDE ?? 256)
const kFlips = Number(process.env.FLIPS ?? 20)
const kEntries = 10_000

let log
before(async () => {
  log = await BitsLog.make(kEntries, process.env.LEDGER)
})
after(() => log?.end())

const published = async () => (await check(memorySource('the log', log.published), { key: log.key })).problems
const whole = async () => (await check(memorySource('the ledger', log.files), { key: log.key })).problems
const seconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

// Every position below `count` that the stride takes, for the `place`-th place.
function* positions(count, place = 0) {
  for (let bit = place % kStride; bit < count; bit += kStride) yield bit
}

// Runs `part`, which gives how many bits it took, and says what that cost.
async function counted(context, part) {
  const begin = seconds()
  const bits = await part()
  assert.ok(bits > 0)
  context.diagnostic(`${bits} bits, ${(seconds() - begin).toFixed(1)} s of CPU`)
}

// Rounds in which one bit of every place is changed: all of `sentenceOf` them must be said, and nothing else.
async function inRounds(places, bitsOf, change, sentenceOf) {
  let bits = 0
  const rounds = Math.ceil(Math.max(...places.map(bitsOf)) / kStride)
  for (let round = 0; round < rounds; round++) {
    const bitOf = (i) => round * kStride + (i % kStride)
    const changed = places.map((place, i) => [place, bitOf(i)]).filter(([place, bit]) => bit < bitsOf(place))
    for (const [place, bit] of changed) change(place, bit)
    const problems = await published()
    for (const [place, bit] of changed) change(place, bit)
    changed.forEach(([place, bit], i) => {
      if (problems[i] === sentenceOf(place)) return
      assert.fail(`bit ${bit}: '${problems[i]}' instead of '${sentenceOf(place)}'`)
    })
    assert.equal(problems.length, changed.length, problems.at(-1))
    bits += changed.length
  }
  return bits
}

test('the log is sound before anything is changed', async () => {
  assert.ok(log.size >= kEntries, `${log.size} entries`)
  assert.deepEqual(await whole(), [])
  assert.deepEqual(await published(), [])
  assert.equal(log.frames().length, log.size)
  assert.equal(log.entriesInBundles().length, log.size)
})

test('entries in bundles', (context) =>
  counted(context, () =>
    inRounds(
      log.entriesInBundles(),
      ({ start, end }) => (end - start) * 8,
      ({ bytes, start }, bit) => flip(bytes, start, bit),
      ({ index, name, start }) => `entry ${index} is not what was signed (${name}, at byte ${start})`,
    ),
  ))

test('hashes of leaves', (context) =>
  counted(context, () =>
    inRounds(
      log.hashes((level) => level === 0),
      () => 256,
      ({ bytes, at }, bit) => flip(bytes, at, bit),
      ({ name, slot, number }) => `${name}: hash ${slot} is not that of entry ${number * kTileWidth + slot}`,
    ),
  ))

test('hashes of tiles', (context) =>
  counted(context, () =>
    inRounds(
      log.hashes((level) => level > 0),
      () => 256,
      ({ bytes, at }, bit) => flip(bytes, at, bit),
      ({ name, slot, number, level }) =>
        `${name}: hash ${slot} is not the root of ${tilePath(level - 1, number * kTileWidth + slot)}`,
    ),
  ))

test('lengths in bundles', (context) =>
  counted(context, async () => {
    const entries = log.entriesInBundles()
    let bits = 0
    for (const bit of positions(kTileWidth * 16)) {
      const changed = entries.filter(({ slot }) => slot === bit >> 4)
      for (const { bytes, start } of changed) flip(bytes, start - 2, bit & 15)
      const problems = await published()
      for (const { bytes, start } of changed) flip(bytes, start - 2, bit & 15)
      for (const { name, slot } of changed) {
        assert.ok(problems.some((problem) => problem.includes(name)), `${name}, length ${slot}, bit ${bit & 15}`)
      }
      bits += changed.length
    }
    return bits
  }))

// The entries behind the last full tile as a log of their own, with all of its partial files.
function rightEdge() {
  const number = Math.floor(log.size / kTileWidth)
  const files = {}
  for (const [name, bytes] of Object.entries(log.published)) {
    const partial = /^tile\/(0|entries)\/(.*)\.p\/([0-9]+)$/.exec(name)
    if (!partial || tilePath(partial[1], number) !== `tile/${partial[1]}/${partial[2]}`) continue
    files[tilePath(partial[1], 0, Number(partial[3]))] = bytes
  }
  const size = log.size % kTileWidth
  const tree = new Frontier()
  const bundle = files[tilePath('entries', 0, size)]
  for (const [start, end] of splitBundle(bundle, size)) tree.pushSubtree(0, leafHash(bundle.subarray(start, end)))
  return { files, checkpoint: { size, root: tree.root() } }
}

// One bit of each of these files a run of `judge`, which gives problems; each must be named.
async function fileByFile(files, judge) {
  let bits = 0
  const longest = Math.max(...Object.values(files).map((bytes) => bytes.length * 8))
  for (const bit of positions(longest)) {
    const changed = Object.entries(files).filter(([, bytes]) => bit < bytes.length * 8)
    for (const [, bytes] of changed) flip(bytes, 0, bit)
    const problems = await judge()
    for (const [, bytes] of changed) flip(bytes, 0, bit)
    for (const [name] of changed) {
      assert.ok(problems.some((problem) => problem.startsWith(`${name}: `)), `${name}, bit ${bit}`)
    }
    bits += changed.length
  }
  return bits
}

async function problemsOf(files, checkpoint, withEntries) {
  const problems = []
  await new PublishedLog(memorySource('the log', files), checkpoint, problems, { withEntries }).check()
  return problems
}

test('older partial files of the right edge', async (context) => {
  const { files, checkpoint } = rightEdge()
  const judge = () => problemsOf(files, checkpoint, true)
  assert.deepEqual(await judge(), [])
  const isEarlier = ([name]) => !name.endsWith(`/${checkpoint.size}`)
  const earlier = Object.fromEntries(Object.entries(files).filter(isEarlier))
  if (Object.keys(earlier).length === 0) return context.skip('the log has none')
  await counted(context, () => fileByFile(earlier, judge))
})

test('older partial tiles above', async (context) => {
  const above = log.tiles().earlier.filter(({ level }) => level > 0)
  const earlier = Object.fromEntries(above.map(({ name }) => [name, log.published[name]]))
  if (above.length === 0) return context.skip('the log has none')
  await counted(context, () =>
    fileByFile(earlier, () => problemsOf(log.published, { size: log.size, root: log.root }, false)),
  )
})

test('checkpoint and key', (context) =>
  counted(context, async () => {
    let bits = 0
    for (const name of ['checkpoint', 'key']) {
      const bytes = log.published[name]
      for (const bit of positions(bytes.length * 8)) {
        flip(bytes, 0, bit)
        const problems = await published()
        flip(bytes, 0, bit)
        assert.ok(problems.length > 0, `${name}, bit ${bit}`)
        // What is wrong in a checkpoint is its text, its signature, or a line that is none.
        const named = name === 'key' ? /key/ : /checkpoint|signature|note|signed/
        assert.match(problems[0], named, `${name}, bit ${bit}`)
        bits += 1
      }
    }
    return bits
  }))

test('headers of segments', (context) =>
  counted(context, async () => {
    // Headers are looked at whatever is signed; with nothing signed the entries are only read, not hashed.
    const checkpoint = { size: 0, root: null }
    const begun = Object.fromEntries(log.segments().map((name) => [name, log.files[name]]))
    let bits = 0
    for (const [i, name] of log.segments().entries()) {
      for (const bit of positions(64 * 8, i * 37)) {
        const problems = []
        flip(log.files[name], 0, bit)
        const tiles = memorySource('tiles', log.published)
        await new Segments(memorySource('the ledger', begun), tiles, checkpoint, problems).check()
        flip(log.files[name], 0, bit)
        assert.ok(problems.some((problem) => problem.startsWith(`${name}: `)), `${name}, bit ${bit}: ${problems}`)
        bits += 1
      }
    }
    return bits
  }))

test('frames of segments', (context) =>
  counted(context, () => {
    let bits = 0
    for (const [index, { bytes, view, at, end, name }] of log.frames().entries()) {
      assert.equal(frameAt(bytes, view, at).index, index)
      for (const bit of positions((end - at) * 8, index)) {
        flip(bytes, at, bit)
        // What Segments asks of a frame before it takes it for the one that is due; what fails is named by its index.
        const taken = frameAt(bytes, view, at)?.index === index
        flip(bytes, at, bit)
        if (taken) assert.fail(`entry ${index} in ${name}, byte ${at + (bit >> 3)}, bit ${bit & 7}`)
        bits += 1
      }
    }
    return bits
  }))

test('`reeve ledger verify` finds and names the same', async (context) => {
  const run = promisify(execFile)
  const { stdout } = await run(process.env.LEDGER_BITS, [log.folder, String(kStride)])
  for (const line of stdout.trim().split('\n')) context.diagnostic(line)
})

// What a message must name for a change of that byte: the entry, or the file.
function placesOf(name, at, frames) {
  if (name.startsWith('segments/')) {
    const frame = frames.findIndex((one) => one.name === name && one.at <= at && at < one.end)
    return frame < 0 ? [name] : [`entry ${frame} `, `entry ${frame},`]
  }
  // A checkpoint that does not open says so, whatever line of it was changed.
  const inPublic = name.slice('public/'.length)
  return inPublic === 'checkpoint' ? [''] : [inPublic]
}

test('bits changed at random are found and named by both whole programs', async (context) => {
  context.diagnostic(`SEED=${kSeed} repeats it`)
  const random = new Random(kSeed)
  const frames = log.frames()
  const names = Object.keys(log.files)
  const groups = [
    log.segments(),
    names.filter((name) => /public\/tile\/[0-9]/.test(name)),
    names.filter((name) => name.startsWith('public/tile/entries/')),
    ['public/checkpoint', 'public/key'],
  ]
  for (let i = 0; i < kFlips; i++) {
    const name = random.pick(random.pick(groups))
    const bytes = log.files[name]
    const end = frames.findLast((frame) => frame.name === name)?.end ?? bytes.length
    const at = random.between(0, end - 1)
    const bit = random.between(0, 7)
    flip(bytes, at, bit)
    fs.writeFileSync(path.join(log.folder, name), bytes)
    const ours = await whole()
    const command = ['ledger', 'verify', '--json', '--offline', log.folder]
    const { stdout } = await promisify(execFile)(kProgram, command).catch((failed) => failed)
    flip(bytes, at, bit)
    fs.writeFileSync(path.join(log.folder, name), bytes)
    const where = `${name}, byte ${at}, bit ${bit}, SEED=${kSeed}`
    for (const [who, problems] of Object.entries({ ours, theirs: JSON.parse(stdout).problems })) {
      assert.notDeepEqual(problems, [], `${who}: nothing found: ${where}`)
      const places = placesOf(name, at, frames)
      const named = problems.some((problem) => places.some((place) => problem.includes(place)))
      assert.ok(named, `${who}: not named: ${where}: ${problems.join('; ')} (expected ${places})`)
    }
  }
  assert.deepEqual(await whole(), [])
})

// Checks a ledger from the text of docs/ledger-format.md alone, with nothing but node: none of Reeve's code has a part
// in it.
//
//   node verify.mjs FOLDER [VERIFIER_KEY]

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32c, readSegments, walkEntries } from './segments.mjs'
import { checkPrivateKey, openCheckpoint, parseVerifierKey } from './signed_note.mjs'
import { checkTiles, leafHash, treeRoot } from './tiles.mjs'

const kTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error(`${value} is no whole number`)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

function nanoseconds(time) {
  const second = BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n
  return second + BigInt(time.slice(20, 26)) * 1000n
}

class EntryCheck {
  entries = []
  openIntents = new Set()
  #lastTime = ''

  constructor(problems) {
    this.problems = problems
  }

  see(index, bytes, segment) {
    this.entries.push(bytes)
    try {
      this.#check(index, JSON.parse(bytes.toString('utf8')), bytes, segment)
    } catch (error) {
      this.problems.push(`entry ${index}: ${error.message}`)
    }
  }

  #check(index, entry, bytes, segment) {
    if (canonical(entry) !== bytes.toString('utf8')) throw new Error('is not canonical JSON')
    if (entry.v !== 1 || !entry.kind || !entry.node) throw new Error('v, kind or node is missing')
    if (entry.seq !== index) throw new Error(`says it is ${entry.seq}`)
    if (!kTime.test(entry.time)) throw new Error('has no time')
    if (entry.time < this.#lastTime) throw new Error('is older than the one before it')
    if (nanoseconds(entry.time) < segment.time) throw new Error('is older than its segment')
    this.#lastTime = entry.time
    const call = `${entry.request_id} ${entry.attempt}`
    if (entry.kind === 'model.intent') this.openIntents.add(call)
    if (entry.kind !== 'model.outcome' || entry.attempt === undefined) return
    if (!this.openIntents.delete(call)) throw new Error('is an outcome without its intent')
  }
}

function checkResume(folder, problems) {
  const file = path.join(folder, 'resume')
  if (!fs.existsSync(file)) return
  const text = fs.readFileSync(file, 'utf8')
  const match = /^(open-intents-from [0-9]+(?: [0-9]+:[0-9a-f]{16})*) ([0-9a-f]{8})\n$/.exec(text)
  const crc = Buffer.alloc(4)
  if (match) crc.writeUInt32LE(crc32c(Buffer.from(match[1])))
  if (!match || crc.toString('hex') !== match[2]) problems.push('resume is damaged')
}

// {entries, size, root, openIntents, problems}: `entries` are buffers; no problems means that the ledger is sound.
// `verifierKey` is the one that the auditor was given; without it the folder's own is taken.
export function verifyLedger(folder, verifierKey) {
  const problems = []
  const check = new EntryCheck(problems)
  const result = { entries: check.entries, openIntents: check.openIntents, size: 0, root: '', problems }
  try {
    const ownKey = fs.readFileSync(path.join(folder, 'public/key'), 'utf8')
    const verifier = parseVerifierKey(verifierKey ?? ownKey)
    const note = fs.readFileSync(path.join(folder, 'public/checkpoint'), 'utf8')
    const checkpoint = openCheckpoint(note, verifier)
    const privateKey = path.join(folder, 'private-key')
    if (fs.existsSync(privateKey)) checkPrivateKey(fs.readFileSync(privateKey, 'utf8'), verifier)
    result.size = checkpoint.size
    result.root = checkpoint.root.toString('base64')
    const segments = readSegments(folder, problems)
    const end = walkEntries(segments, (index, entry, segment) => check.see(index, entry, segment))
    if (end.due < checkpoint.size || end.damaged) {
      problems.push(`entry ${end.due} is damaged or missing (${end.segment?.name} at byte ${end.at})`)
    }
    if (end.due < checkpoint.size) return result
    const signed = check.entries.slice(0, checkpoint.size)
    const leaves = signed.map(leafHash)
    if (!treeRoot(leaves).equals(checkpoint.root)) problems.push('the entries do not give the signed root')
    checkTiles(path.join(folder, 'public'), signed, leaves, problems)
    checkResume(folder, problems)
  } catch (error) {
    problems.push(error.message)
  }
  return result
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { entries, size, root, openIntents, problems } = verifyLedger(process.argv[2], process.argv[3])
  for (const problem of problems) console.log(problem)
  console.log(`${entries.length} entries, ${size} of them signed; root ${root}; ${openIntents.size} intents open`)
  process.exitCode = problems.length > 0 ? 1 : 0
}

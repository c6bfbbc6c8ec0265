// Keys of a log that follow each other, as docs/ledger-format.md has them: each statement is signed by the key that it
// ends and by the one that takes over, so whoever trusts one of them follows to all the others.

import { Fault, kEd25519, parseNote, parseVerifierKey, utf8, verifyNote } from './note.mjs'

const kTitle = 'reeve log key rotation v1'
const kTime = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/
const kRotatedKind = 'ledger.key_rotated'
const kRotatedKindBytes = new TextEncoder().encode(kRotatedKind)
const encoder = new TextEncoder()

const isTime = (text) => kTime.test(text) && !Number.isNaN(Date.parse(text))

// A log's key as a statement has it: in its one form, with the log's name.
function keyOfLog(text, origin) {
  const key = parseVerifierKey(text)
  if (key.text !== text || key.type !== kEd25519 || key.name !== origin) {
    throw new Fault(`a key in it is not one of the log ${origin.slice(0, 80)}`)
  }
  return key
}

// {note, oldKey, newKey} of a statement, both signatures checked.
export async function openKeyStatement(note) {
  const parsed = parseNote(encoder.encode(note))
  const lines = parsed.text.slice(0, -1).split('\n')
  if (lines.length !== 7 || lines[0] !== kTitle) throw new Fault('it is no statement about the rotation of a key')
  const [, origin, oldText, newText, time, until] = lines
  if (!isTime(time) || !isTime(until)) throw new Fault('its times are none')
  const [oldKey, newKey] = [keyOfLog(oldText, origin), keyOfLog(newText, origin)]
  if (oldText === newText) throw new Fault('it names one key twice')
  for (const key of [oldKey, newKey]) await verifyNote(parsed, key)
  return { note, oldKey, newKey }
}

// Each statement is a note, which has one empty line in it, and an empty line behind it.
function splitNotes(text) {
  const notes = []
  for (let rest = text; rest !== '';) {
    const border = rest.indexOf('\n\n')
    const end = border < 0 ? -1 : rest.indexOf('\n\n', border + 2)
    if (end < 0) throw new Fault('key-rotations: a statement is cut short')
    notes.push(rest.slice(0, end + 1))
    rest = rest.slice(end + 2)
  }
  return notes
}

async function openStatements(bytes) {
  const statements = []
  for (const [i, note] of splitNotes(utf8(bytes, 'key-rotations')).entries()) {
    const statement = await openKeyStatement(note).catch((error) => {
      throw error instanceof Fault ? new Fault(`key-rotations, statement ${i + 1}: ${error.message}`) : error
    })
    if (i > 0 && statements[i - 1].newKey.text !== statement.oldKey.text) {
      throw new Fault(`key-rotations, statement ${i + 1}: does not begin with the key that the one before ended with`)
    }
    statements.push(statement)
  }
  return statements
}

export class KeyChain {
  // `statements` as the file has them, oldest first.
  constructor(statements = []) {
    this.statements = statements
  }

  // `bytes` of `key-rotations`; null: there was one key only.
  static async of(bytes) {
    return new KeyChain(bytes === null || bytes === undefined ? [] : await openStatements(bytes))
  }

  get last() {
    return this.statements.at(-1)?.newKey ?? null
  }

  // The keys that followed `key`, itself first.
  #from(key) {
    const keys = [key]
    for (const { oldKey, newKey } of this.statements) if (oldKey.text === keys.at(-1).text) keys.push(newKey)
    return keys
  }

  // How many rotations lead from `key` to `other`; -1: none do.
  stepsBetween(key, other) {
    return this.#from(key).findIndex(({ text }) => text === other.text)
  }

  // Every key that signed for the same log as `key`, which comes first: those before it are named by statements that
  // lead to it, which it or a later key of the chain signed.
  allWith(key) {
    const keys = [this.statements[0]?.oldKey, ...this.statements.map(({ newKey }) => newKey)].filter(Boolean)
    if (!keys.some(({ text }) => text === key.text)) return [key]
    return [key, ...keys.filter(({ text }, i) => text !== key.text && keys.findIndex((k) => k.text === text) === i)]
  }
}

const isAt = (bytes, wanted, at) => wanted.every((byte, i) => bytes[at + i] === byte)

function includes(bytes, wanted) {
  // Node's own search is several times as fast as that of plain arrays.
  if (globalThis.Buffer) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(wanted)
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (isAt(bytes, wanted, at)) return true
  }
  return false
}

// The statement that an entry tells of: null when it is of another kind, '' when it has none.
function statementIn(entry) {
  try {
    const { kind, detail } = JSON.parse(new TextDecoder().decode(entry))
    if (kind !== kRotatedKind) return null
    return typeof detail?.statement === 'string' ? detail.statement : ''
  } catch {
    return null
  }
}

export const tellsOfRotation = (bytes) => includes(bytes, kRotatedKindBytes)

// [{index, statement}] of the entries about rotations in [start, end) `spans` of `bytes`; `first` is the first's index.
export function rotationsIn(bytes, spans, first) {
  if (!tellsOfRotation(bytes)) return []
  return spans
    .map(([start, end], i) => ({ index: first + i, entry: bytes.subarray(start, end) }))
    .filter(({ entry }) => tellsOfRotation(entry))
    .map(({ index, entry }) => ({ index, statement: statementIn(entry) }))
    .filter(({ statement }) => statement !== null)
}

// What is wrong between the entries about rotations, in the order of their indexes, and the statements that are
// published. `whole`: all entries from the first on were seen, so each statement has its place; otherwise they come in
// the order of the statements. `underWay`: the statement of the last entry is yet to be published.
export function rotationProblems(recorded, chain, { whole, underWay = false }) {
  const problems = []
  let next = 0
  for (const { index, statement } of recorded) {
    const found = chain.statements.findIndex(({ note }, i) => i >= next && note === statement)
    const inPlace = whole ? found === next : found >= 0
    const yetToCome = underWay && next === chain.statements.length && index === recorded.at(-1).index
    if (!inPlace && !yetToCome) {
      problems.push(`the rotation of the key that entry ${index} tells of is not in key-rotations, or not in its place`)
    }
    next = whole || found < 0 ? next + 1 : found + 1
  }
  return problems
}

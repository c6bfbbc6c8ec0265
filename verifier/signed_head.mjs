// What a log says of itself before anything of it is read: its key, its checkpoint, and the keys that signed before.
// Nothing of it is believed but what follows from the key that the reader was given.

import { KeyChain, openKeyStatement, rotationProblems } from './key_rotations.mjs'
import { Fault, openCheckpoint, openCheckpointByAny, parseVerifierKey, utf8 } from './note.mjs'

// While a log that is read from afar changes its key, its files are of two minds for some milliseconds.
const kTries = 3
const kPauseMilliseconds = 300
const kNotGiven = 'key: is not the key that was given to check with'

const pause = () => new Promise((resolve) => setTimeout(resolve, kPauseMilliseconds))

// A Fault that `action` throws, as a problem; then `otherwise` is its result.
async function orProblem(problems, action, otherwise) {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    problems.push(error.message)
    return otherwise
  }
}

// Which key has to have signed the checkpoint: `own`, the one that lies beside it (null: none does), where `given`
// leads to it; otherwise `given`. `steps` are the rotations between the two; what is wrong goes to `problems`.
export function signingKey(given, own, chain, problems, underWay = false) {
  if (!given && !own) throw new Fault('no verifier key was given, and none is here')
  if (own && chain.last && chain.last.text !== own.text && !underWay) {
    problems.push('key: is not the key that took over last, as key-rotations has it')
  }
  if (!given) return { key: own, steps: 0 }
  const target = own ?? chain.last ?? given
  const steps = chain.stepsBetween(given, target)
  if (steps >= 0) return { key: target, steps }
  if (own) problems.push(chain.last ? `${kNotGiven}, and no statement in key-rotations leads to it` : kNotGiven)
  return { key: given, steps: 0 }
}

export class SignedHead {
  // `asked`: {key, rotations, witnesses, quorum}, keys parsed. `underWay`: whether a rotation was begun, not finished.
  static async of(source, asked, underWay = async () => false) {
    for (let tries = 1; ; tries++) {
      const head = new SignedHead(source, asked)
      const mayChange = source.changes && tries < kTries
      try {
        await head.#read(await underWay())
        if (head.problems.length === 0 || !mayChange) return head
      } catch (error) {
        if (!(error instanceof Fault) || !mayChange) throw error
      }
      await pause()
    }
  }

  constructor(source, asked) {
    Object.assign(this, { source, asked, problems: [], cosigned: null })
  }

  // In this order: a statement is published before the first checkpoint that its new key signs, and that before `key`.
  async #read(underWay) {
    const { source, asked, problems } = this
    this.underWay = underWay
    const own = await source.read('key')
    const note = await source.read('checkpoint')
    if (note === null) throw new Fault(`${source.name} has no checkpoint`)
    // Witnesses are some seconds behind the log: what they cosigned is an older checkpoint, which the log begins with.
    const cosigned = await source.read('cosigned-checkpoint')
    this.chain = await orProblem(problems, () => this.#readChain(), new KeyChain())
    const ownKey = own && parseVerifierKey(utf8(own, 'key'))
    if (ownKey && utf8(own, 'key') !== `${ownKey.text}\n`) {
      problems.push('key: is not one line with the verifier key and nothing else')
    }
    Object.assign(this, signingKey(asked.key, ownKey, this.chain, problems, underWay))
    try {
      this.checkpoint = await openCheckpoint(note, this.key, ...(cosigned ? [] : [asked.witnesses, asked.quorum]))
      if (cosigned) this.cosigned = await openCheckpointByAny(cosigned, this.keys, asked.witnesses, asked.quorum)
    } catch (error) {
      // What was wrong before may be why.
      throw error instanceof Fault ? new Fault([...problems, error.message].join('; ')) : error
    }
  }

  async #readChain() {
    return KeyChain.of((await this.source.read('key-rotations')) ?? this.asked.rotations)
  }

  // Every key that may have signed an older checkpoint, the one that signs now first.
  get keys() {
    return this.chain.allWith(this.key)
  }

  // What is wrong between the entries about rotations and the statements that are published.
  async rotationProblems(recorded) {
    const compare = (chain) => rotationProblems(recorded, chain, { whole: true, underWay: this.underWay })
    const found = compare(this.chain)
    if (found.length === 0 || !this.source.changes) return found
    // An entry becomes durable before its statement is published.
    await pause()
    return compare(await orProblem([], () => this.#readChain(), this.chain))
  }
}

// Whether a rotation of a whole ledger is under way, or was cut short: opening it finishes that.
export async function isRotationUnderWay(ledger) {
  const note = await ledger.read('key-rotation.next')
  if (note === null) return false
  return orProblem([], async () => Boolean(await openKeyStatement(utf8(note, 'key-rotation.next'))), false)
}

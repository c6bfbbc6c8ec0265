// Checks of a transparency log, for Node and for browsers: `check` takes what an auditor was given and says what is
// wrong with it. Nothing here asks the operator of the log for anything but the files themselves.

import { KeyChain } from './key_rotations.mjs'
import { Fault, openCheckpointByAny, parseNote, parseVerifierKey, parseWitnessKeys } from './note.mjs'
import { kPackFormat, Pack, parseJson } from './pack.mjs'
import { PublishedLog } from './published.mjs'
import { Segments } from './segments.mjs'
import { isRotationUnderWay, SignedHead } from './signed_head.mjs'
import { memorySource } from './sources.mjs'
import { checkConsistencyProof, checkTlogProof, isConsistencyProof, kProofHeader } from './tlog_proof.mjs'

export { addressSource, folderSource, memorySource } from './sources.mjs'
export { Fault } from './note.mjs'

const kCheckpointBytesMax = 1_000_000

// The files below `folder` of a source, as a source.
const below = (source, folder) => ({
  name: `${source.name}/${folder}`,
  read: (name) => source.read(`${folder}/${name}`),
  pieces: (name) => source.pieces(`${folder}/${name}`),
  names: async () => {
    const names = await source.names()
    return names && names.filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(folder.length + 1))
  },
})

class Check {
  // `asked`: {key, rotations, witnesses, quorum, entry, kept, withEntries}; see `check`.
  constructor(asked) {
    this.report = { ok: false, kind: null, log: null, size: null, root: null, witnesses: [], key_given: !!asked.key }
    this.problems = []
    this.asked = asked
    this.key = asked.key ? parseVerifierKey(asked.key) : null
    this.witnesses = parseWitnessKeys(asked.witnesses ?? [])
    this.quorum = asked.quorum ?? this.witnesses.length
    if (this.quorum > this.witnesses.length) {
      throw new Fault(`a quorum of ${this.quorum} cannot be met by ${this.witnesses.length} witnesses`)
    }
  }

  // What stands alone was signed by the key that was given, or by another one of the same log.
  async #keys() {
    if (!this.key) throw new Fault('no verifier key was given, and none is here')
    return (await KeyChain.of(this.asked.rotations)).allWith(this.key)
  }

  #tell(kind, checkpoint, further = {}) {
    const root = btoa(String.fromCharCode(...checkpoint.root))
    const { origin: log, size, witnesses } = checkpoint
    Object.assign(this.report, { kind, log, size, root, witnesses, ...further })
  }

  async ledger(source) {
    const published = below(source, 'public')
    const underWay = () => isRotationUnderWay(source)
    const { head, recorded } = await this.#checkPublished(published, 'ledger', underWay)
    const segments = new Segments(source, published, head.checkpoint, this.problems)
    await segments.check()
    await this.#checkRotations(head, [...recorded, ...segments.rotations])
  }

  async published(source) {
    const { head, recorded } = await this.#checkPublished(source, 'published log')
    await this.#checkRotations(head, recorded)
  }

  async #checkRotations(head, recorded) {
    if (this.asked.withEntries !== false) this.problems.push(...(await head.rotationProblems(recorded)))
  }

  async #checkPublished(source, kind, underWay) {
    const { rotations } = this.asked
    const asked = { key: this.key, rotations, witnesses: this.witnesses, quorum: this.quorum }
    const head = await SignedHead.of(source, asked, underWay)
    this.problems.push(...head.problems)
    const { checkpoint, cosigned } = head
    const kept = [...(await this.#kept(head.keys)), ...(cosigned ? [cosigned] : [])]
    const withEntries = this.asked.withEntries !== false
    this.#tell(kind, checkpoint, { entries: withEntries ? checkpoint.size : 0, rotations: head.steps })
    if (cosigned) Object.assign(this.report, { witnesses: cosigned.witnesses, cosigned_size: cosigned.size })
    const log = new PublishedLog(source, checkpoint, this.problems, { withEntries, kept })
    await log.check()
    return { head, recorded: log.rotations }
  }

  async pack(pack) {
    const found = await pack.check(this.key, this.witnesses, this.quorum, this.problems)
    this.#tell('evidence pack', found.checkpoint, {
      entries: found.entries,
      other_files: found.otherFiles,
      figures: found.figures,
      rotations: found.rotations,
    })
  }

  async file(bytes, name) {
    const beginning = new TextDecoder().decode(bytes.subarray(0, 64))
    if (beginning.startsWith(kProofHeader)) return this.#proof(bytes)
    if (isConsistencyProof(beginning)) return this.#consistency(bytes)
    if (/^\s*\{/.test(beginning)) return this.#packFile(bytes, name)
    if (bytes.length > kCheckpointBytesMax) throw new Fault(`${name} is nothing that this verifier knows`)
    parseNote(bytes)
    const checkpoint = await openCheckpointByAny(bytes, await this.#keys(), this.witnesses, this.quorum)
    this.#tell('checkpoint', checkpoint)
  }

  async #proof(bytes) {
    const given = [this.asked.entry, await this.#keys(), this.witnesses, this.quorum]
    const { index, entry, checkpoint } = await checkTlogProof(bytes, ...given)
    this.#tell('proof', checkpoint, { entries: 1, index, entry: new TextDecoder().decode(entry) })
  }

  async #consistency(bytes) {
    const keys = await this.#keys()
    const checkpoint = await checkConsistencyProof(bytes, await this.#kept(keys), keys, this.witnesses, this.quorum)
    this.#tell('consistency proof', checkpoint)
  }

  async #kept(keys) {
    const kept = []
    for (const note of this.asked.kept ?? []) kept.push(await openCheckpointByAny(note, keys))
    return kept
  }

  #packFile(bytes, name) {
    const { contents, ...manifest } = parseJson(bytes, name)
    if (manifest.format !== kPackFormat || typeof contents !== 'object' || contents === null) {
      throw new Fault(`${name} is JSON, but not an evidence pack in one file`)
    }
    return this.pack(new Pack(memorySource(name, contents), manifest))
  }

  async source(source) {
    if ((await source.read('pack.json')) !== null) return this.pack(await Pack.of(source))
    if ((await source.read('checkpoint')) !== null) return this.published(source)
    if ((await source.read('public/checkpoint')) !== null) return this.ledger(source)
    throw new Fault(
      `${source.name} is neither an evidence pack nor a published log nor a ledger: no checkpoint is there`,
    )
  }
}

// Checks `what`, a source (a folder, an address) or bytes (a proof, a checkpoint, a pack in one file). `asked`:
//   key          the log's verifier key, as given by somebody else than who gave `what`; without it the one beside it
//   rotations    bytes of the log's `key-rotations`, where they do not lie beside what is checked: then `what` and
//                `kept` may be signed by any key before or behind `key`
//   witnesses    verifier keys of witnesses; `quorum` of them must have cosigned, all where it is not said
//   entry        bytes of the entry that a proof is of, where it is not in the proof
//   kept         older checkpoints (bytes) that the log must begin with
//   withEntries  false: the tiles alone
// Gives a report: `ok`, and `problems`, one sentence each.
export async function check(what, asked = {}) {
  let report = { ok: false, kind: null }
  const problems = []
  try {
    const one = new Check(asked)
    one.problems = problems
    report = one.report
    if (what instanceof Uint8Array) await one.file(what, 'the file')
    else await one.source(what)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    problems.push(error.message)
  }
  return { ...report, ok: problems.length === 0, problems }
}

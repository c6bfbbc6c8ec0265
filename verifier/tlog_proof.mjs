// Proofs as text files: c2sp.org/tlog-proof@v1, one entry's inclusion with the checkpoint it is included in; and the
// consistency of an earlier checkpoint with a later one, in the form in which c2sp.org/tlog-witness takes it.

import { checkConsistency, checkInclusion, leafHash } from './merkle.mjs'
import { Fault, fromBase64, openCheckpointByAny, parseCount, utf8 } from './note.mjs'

export const kProofHeader = 'c2sp.org/tlog-proof@v1'
const kHashesMax = 63

const encoder = new TextEncoder()

// {lines, checkpoint (bytes)}: what stands before and behind the first empty line.
function splitProof(bytes) {
  const text = utf8(bytes, 'the proof')
  const end = text.indexOf('\n\n')
  if (end < 0) throw new Fault('the proof has no checkpoint behind an empty line')
  return { lines: text.slice(0, end).split('\n'), checkpoint: encoder.encode(text.slice(end + 2)) }
}

function decodeHashes(lines) {
  if (lines.length > kHashesMax) throw new Fault(`the proof has more than ${kHashesMax} hashes`)
  return lines.map((line, i) => {
    const hash = fromBase64(line, `hash ${i} of the proof`)
    if (hash.length !== 32) throw new Fault(`hash ${i} of the proof is not 32 bytes`)
    return hash
  })
}

// {extra (bytes or null), index, hashes, checkpoint (bytes)}.
export function parseTlogProof(bytes) {
  const { lines, checkpoint } = splitProof(bytes)
  if (lines.shift() !== kProofHeader) throw new Fault(`the proof does not begin with ${kProofHeader}`)
  const extra = lines[0]?.startsWith('extra ') ? fromBase64(lines.shift().slice(6), 'the extra data') : null
  const index = /^index (.*)$/.exec(lines.shift() ?? '')
  if (!index) throw new Fault('the proof has no line with the index')
  return { extra, index: parseCount(index[1], 'the index'), hashes: decodeHashes(lines), checkpoint }
}

// Throws a Fault unless the proof shows `entry` (bytes) in the log of `keys`. Without `entry` the extra data is taken
// for it, as Reeve writes it there: the proof itself vouches for what it holds for. Gives {index, entry, checkpoint}.
export async function checkTlogProof(bytes, entry, keys, witnesses, quorum) {
  const proof = parseTlogProof(bytes)
  const proven = entry ?? proof.extra
  if (!proven) throw new Fault('the proof does not carry its entry: give the entry, too')
  const checkpoint = await openCheckpointByAny(proof.checkpoint, keys, witnesses, quorum)
  checkInclusion(leafHash(proven), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
  return { index: proof.index, entry: proven, checkpoint }
}

export const isConsistencyProof = (beginning) => /^old [0-9]/.test(beginning)

// Throws a Fault unless the proof shows that its checkpoint goes on from one of `kept`. Gives the checkpoint.
export async function checkConsistencyProof(bytes, kept, keys, witnesses, quorum) {
  const { lines, checkpoint } = splitProof(bytes)
  const old = parseCount(lines.shift().slice(4), 'the size of the earlier tree')
  const earlier = kept.find(({ size }) => size === old)
  if (!earlier) throw new Fault(`the proof goes on from ${old} entries: give the checkpoint of that size that was kept`)
  const later = await openCheckpointByAny(checkpoint, keys, witnesses, quorum)
  checkConsistency(old, later.size, earlier.root, later.root, decodeHashes(lines))
  return later
}

// node measure_pack.mjs [ENTRIES]: the CPU time that the verifier takes for a pack of so many entries of 600 bytes.
// Wants about 3 GB for a million, most of it to make the pack.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { leafOf, makeKey, packOf, writeFiles } from './made_log.mjs'

const kProgram = new URL('../../verifier/verify.mjs', import.meta.url).pathname
const count = Number(process.argv[2] ?? 1_000_000)
const key = makeKey('log.example/large')
const filler = 'x'.repeat(540)
const entryAt = (i) => Buffer.from(`{"kind":"model.intent","node":"n","pad":"${filler}","seq":${i},"v":1}`)
const leaves = Array.from({ length: Math.ceil(count * 1.1) }, (_, i) => leafOf(entryAt(i)))
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'measured-pack-'))
try {
  writeFiles(folder, packOf(key, leaves, entryAt, [[Math.floor(count / 20), count]]))
  for (let run = 0; run < 3; run++) {
    const timed = spawnSync('sh', [
      '-c',
      '"$0" "$1" "$2" --key "$3" >&2 && times',
      process.execPath,
      kProgram,
      folder,
      key.text,
    ])
    if (timed.status !== 0) throw new Error(timed.stderr.toString())
    const [user, system] = timed.stdout.toString().split('\n')[1].split(' ')
    console.log(`${count} entries of ${entryAt(count).length} bytes: ${user} user, ${system} system`)
  }
} finally {
  fs.rmSync(folder, { recursive: true })
}

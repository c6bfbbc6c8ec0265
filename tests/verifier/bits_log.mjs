// A log of 10,000 entries for bits_test.mjs, written by the real program: its files in memory, to be changed by bits.

import fs from 'node:fs'
import path from 'node:path'
import { crc32c } from '../../verifier/segments.mjs'
import { kTileWidth, parseTilePath, splitBundle, tilePath } from '../../verifier/tiles.mjs'
import { makeCalls, startReeve } from './ledger_of_calls.mjs'

const kHashBytes = 32

export class BitsLog {
  // Of `entries` at least; or the closed ledger in the folder `existing`.
  static async make(entries, existing) {
    if (existing) return new BitsLog(existing, null)
    const { reeve, secret } = await startReeve()
    await makeCalls(reeve, secret, entries / 2)
    const code = await reeve.stop()
    if (code !== 0) throw new Error(`the server ended with ${code}`)
    return new BitsLog(path.join(reeve.folder, 'data/ledger'), reeve)
  }

  constructor(folder, reeve) {
    this.folder = folder
    this.reeve = reeve
    const names = fs
      .readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.path, entry.name)))
    this.files = {}
    for (const name of names.filter((one) => /^(public|segments)\//.test(one)).sort()) {
      this.files[name] = Uint8Array.from(fs.readFileSync(path.join(folder, name)))
    }
    const published = Object.entries(this.files).filter(([name]) => name.startsWith('public/'))
    // The same bytes under the names that they are published by.
    this.published = Object.fromEntries(published.map(([name, bytes]) => [name.slice('public/'.length), bytes]))
    this.checkpoint = Buffer.from(this.published.checkpoint).toString()
    this.size = Number(this.checkpoint.split('\n')[1])
    this.root = Uint8Array.from(Buffer.from(this.checkpoint.split('\n')[2], 'base64'))
    this.key = Buffer.from(this.published.key).toString().trim()
  }

  end() {
    this.reeve?.end()
  }

  // Tiles and bundles by their width for the checkpoint (`widest`), and the narrower ones that lie beside them.
  tiles() {
    const all = Object.keys(this.published).map(parseTilePath).filter(Boolean)
    const widest = new Map()
    for (const tile of all) {
      const at = `${tile.level}/${tile.number}`
      if (!(widest.get(at)?.width >= tile.width)) widest.set(at, tile)
    }
    const named = (tile) => ({ ...tile, name: tilePath(tile.level, tile.number, tile.width) })
    const isWidest = (tile) => widest.get(`${tile.level}/${tile.number}`) === tile
    return {
      widest: all.filter(isWidest).map(named),
      earlier: all.filter((tile) => !isWidest(tile)).map(named),
    }
  }

  // [{name, bytes, index, slot, start, end}] of every entry in its bundle, in their order.
  entriesInBundles() {
    const bundles = this.tiles().widest.filter(({ level }) => level === 'entries')
    return bundles
      .sort((a, b) => a.number - b.number)
      .flatMap(({ name, number, width }) => {
        const bytes = this.published[name]
        const entry = ([start, end], slot) => ({ name, bytes, index: number * kTileWidth + slot, slot, start, end })
        return splitBundle(bytes, width).map(entry)
      })
  }

  // [{name, bytes, slot, number, level, at}] of every hash of the levels that `wanted` takes.
  hashes(wanted) {
    return this.tiles()
      .widest.filter(({ level }) => level !== 'entries' && wanted(level))
      .sort((a, b) => a.level - b.level || a.number - b.number)
      .flatMap(({ name, number, level, width }) => {
        const bytes = this.published[name]
        return Array.from({ length: width }, (_, slot) => ({ name, bytes, slot, number, level, at: slot * kHashBytes }))
      })
  }

  segments() {
    const begun = (name) => name.startsWith('segments/') && this.files[name][0] !== 0
    return Object.keys(this.files).filter(begun)
  }

  // [{name, bytes, view, at, end}] of every frame, in their order. `at` is where its header begins.
  frames() {
    return this.segments().flatMap((name) => {
      const bytes = this.files[name]
      const view = new DataView(bytes.buffer)
      const found = []
      for (let at = 64; at + 16 <= bytes.length && view.getUint16(at + 4, true) > 0; at = found.at(-1).end) {
        const end = at + 16 + view.getUint16(at + 4, true)
        if (crc32c(bytes, at + 4, end) !== view.getUint32(at, true)) throw new Error(`${name} is damaged at ${at}`)
        found.push({ name, bytes, view, at, end })
      }
      return found
    })
  }
}

export const flip = (bytes, at, bit) => (bytes[at + (bit >> 3)] ^= 1 << (bit & 7))

// Where files come from: a folder, an address, or memory. Each has
//   read(name)    the bytes, or null when there is no such file
//   pieces(name)  the same in pieces, each valid until the next one is asked for, and free to be written to
//   names()       all there is, or null where that cannot be known
//   changes       true where the log goes on while it is read

import { Fault } from './note.mjs'

const kPieceBytes = 512 << 10
const kMissing = ['ENOENT', 'ENOTDIR', 'EISDIR']
const encoder = new TextEncoder()

// For Node.
export async function folderSource(folder) {
  const fs = await import('node:fs')
  const path = await import('node:path')
  const orNull = (action) => {
    try {
      return action()
    } catch (error) {
      if (kMissing.includes(error.code)) return null
      throw new Fault(`${error.path ?? folder} cannot be read: ${error.message}`)
    }
  }
  function* piecesOf(file) {
    const piece = new Uint8Array(kPieceBytes)
    try {
      for (;;) {
        const length = fs.readSync(file, piece, 0, kPieceBytes, null)
        if (length === 0) return
        yield piece.subarray(0, length)
      }
    } finally {
      fs.closeSync(file)
    }
  }
  return {
    name: folder,
    read: async (name) => orNull(() => Uint8Array.from(fs.readFileSync(path.join(folder, name)))),
    pieces: async (name) => {
      const file = orNull(() => fs.openSync(path.join(folder, name)))
      return file === null ? null : piecesOf(file)
    },
    names: async () =>
      fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
        .map((name) => name.split(path.sep).join('/')),
  }
}

// `key`, when given, goes along as a bearer credential.
export function addressSource(address, key) {
  const base = address.endsWith('/') ? address : `${address}/`
  const read = async (name) => {
    const headers = key ? { authorization: `Bearer ${key}` } : {}
    const answer = await fetch(base + name, { headers, redirect: 'error' }).catch((error) => {
      throw new Fault(`${base}${name} cannot be fetched: ${error.cause?.message ?? error.message}`)
    })
    if (answer.status === 404) return null
    if (!answer.ok) throw new Fault(`${base}${name} answers ${answer.status}`)
    return new Uint8Array(await answer.arrayBuffer())
  }
  return { name: address, read, pieces: (name) => piecesInMemory(read(name)), names: async () => null, changes: true }
}

// `files` has texts or bytes by name.
export function memorySource(name, files) {
  const all = new Map(Object.entries(files))
  const read = async (file) => {
    const content = all.get(file)
    if (content === undefined) return null
    return typeof content === 'string' ? encoder.encode(content) : content
  }
  return { name, read, pieces: (file) => piecesInMemory(read(file)), names: async () => [...all.keys()] }
}

async function piecesInMemory(reading) {
  const bytes = await reading
  return bytes === null ? null : [Uint8Array.from(bytes)]
}

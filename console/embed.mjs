// Writes the built console as a C++ source: node embed.mjs DIST OUTPUT. Each file plain, and compressed as well as it
// gets, since it is compressed once and sent often.

import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'

const [dist, output] = process.argv.slice(2)
const kTypes = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const kLiteralBytes = 16_000 // compilers promise 65,536 of a literal

// Octal, always three digits: what follows cannot become a part of it.
const escaped = Array.from({ length: 256 }, (_, byte) => {
  const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 && byte !== 63
  return plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`
})
function literal(bytes) {
  if (bytes.length === 0) return '{}'
  const pieces = []
  for (let i = 0; i < bytes.length; i += kLiteralBytes) {
    pieces.push(`"${Array.from(bytes.subarray(i, i + kLiteralBytes), (byte) => escaped[byte]).join('')}"`)
  }
  return `{${pieces.join('\n')}, ${bytes.length}}`
}

function entry(file) {
  const bytes = fs.readFileSync(path.join(dist, file))
  const type = kTypes[path.extname(file)]
  if (!type) throw new Error(`${file}: a kind of file that the console does not serve`)
  const etag = `\\"${crypto.createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}\\"`
  const gzip = zlib.gzipSync(bytes, { level: 9 })
  const brotli = zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11 } })
  const worth = (packed) => (packed.length < bytes.length ? packed : Buffer.alloc(0))
  const texts = [bytes, worth(gzip), worth(brotli)].map(literal).join(',\n')
  return `{"/console/${file.split(path.sep).join('/')}", "${type}", "${etag}",\n${texts}},\n`
}

const files = fs.readdirSync(dist, { recursive: true }).filter((file) => fs.statSync(path.join(dist, file)).isFile())
fs.writeFileSync(
  output,
  `// Made by console/embed.mjs.
#include "reeve/console_files.h"

namespace reeve::app {

std::span<const ConsoleFile> console_files() {
  static constexpr ConsoleFile kFiles[] = {
${files.sort().map(entry).join('')}  };
  return kFiles;
}

}  // namespace reeve::app
`,
)

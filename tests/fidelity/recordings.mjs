// The requests that real clients sent (tests/clients/recorded), brought back to their real size, and other spellings of
// the same bodies.

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const kFolder = fileURLToPath(new URL('../clients/recorded', import.meta.url))
// With what JSON must escape and what takes several bytes, as prompts have it.
const kFiller =
  'Review the change: "does it hold?" — path C:\\src\\größe.h, line 42;\tif (a < b) { return `日本`; }\n✅ 🙂 done. '

function isMask(value) {
  return value !== null && typeof value === 'object' && Number.isInteger(value.$text) && Object.keys(value).length === 1
}

// Texts were recorded by their length only.
function refill(value) {
  if (isMask(value)) return [...kFiller.repeat(Math.ceil(value.$text / 100) + 1)].slice(0, value.$text).join('')
  if (Array.isArray(value)) return value.map(refill)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, refill(member)]))
}

// A header is one line of ASCII, whatever it held.
const headerText = (value) => (isMask(value) ? 'a'.repeat(value.$text) : String(value))

// [{name, method, target, headers, body, recordedBytes}]; headers without credential, host and framing. `outlines`:
// with those of which no body was recorded.
export function loadRecordings({ outlines = false } = {}) {
  const recordings = []
  for (const file of fs
    .readdirSync(kFolder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()) {
    const lines = fs.readFileSync(path.join(kFolder, file), 'utf8').split('\n').filter(Boolean)
    lines.forEach((line, i) => {
      const record = JSON.parse(line)
      if (!record.body && !outlines) return
      const query = new URLSearchParams(record.query).toString()
      const headers = Object.entries(record.headers).map(([name, value]) => [name, headerText(value)])
      recordings.push({
        name: `${path.basename(file, '.jsonl')}#${i}`,
        method: record.method,
        target: record.path + (query ? `?${query}` : ''),
        headers: headers.filter(([, value]) => !value.includes('<redacted>')),
        credential: headers.find(([, value]) => value.includes('<redacted>')),
        body: record.body && refill(record.body),
        recordedBytes: record.body_bytes,
      })
    })
  }
  if (recordings.length === 0) throw new Error(`no recorded request in ${kFolder}`)
  return recordings
}

// The same JSON value written another way: spaces where they are allowed, escapes that need not be. Whoever decodes and
// writes anew loses this.
export function respell(json, random) {
  const spaces = () => random.pick(['', '', '', ' ', '\n', '\r\n', '\t', '   '])
  let inString = false
  let isKey = false
  let text = spaces()
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (!inString) {
      text += '{}[],:'.includes(c) ? spaces() + c + spaces() : c
      if (c === '"') {
        inString = true
        isKey = /^"[^"\\]*":/.test(json.slice(i, i + 80))
      }
    } else if (c === '\\') {
      text += c + json[++i]
    } else if (c === '"') {
      inString = false
      text += c
    } else if (!isKey && random.chance(0.02) && c >= ' ' && c < '\x7f') {
      text += `\\u00${c.charCodeAt(0).toString(16)}`
    } else if (c === '/' && random.chance(0.5)) {
      text += '\\/'
    } else {
      text += c
    }
  }
  return text + spaces()
}

// What `reeve policy check` says of wrong files and of right ones: README.md.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { kProgram } from '../upstream/reeve_process.mjs'

const kHere = fileURLToPath(new URL('.', import.meta.url))
const kExpectation = /^# expect: (\d+):(\d+) (error|warning)(?: (.*))?$/
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-policy-check-'))
const only = process.argv[2] ?? ''

function expectationsOf(text) {
  const expectations = []
  for (const line of text.split('\n')) {
    const found = kExpectation.exec(line)
    if (!found) break
    const [, row, column, severity, words] = found
    expectations.push({ line: Number(row), column: Number(column), severity, words: (words ?? '').split(' ') })
  }
  return expectations
}

// The words in this order, whatever is between them.
function holds(message, words) {
  let from = 0
  for (const word of words) {
    const at = message.toLowerCase().indexOf(word.toLowerCase(), from)
    if (at < 0) return false
    from = at + word.length
  }
  return true
}

function check(file) {
  const folder = path.join(scratch, path.basename(file, '.yaml'))
  fs.mkdirSync(folder)
  fs.copyFileSync(file, path.join(folder, path.basename(file)))
  const run = spawnSync(kProgram, ['policy', 'check', folder, '--json'], { encoding: 'utf8', timeout: 30_000 })
  if (run.status !== 0 && run.status !== 1) {
    return { crash: `ended with ${run.signal ?? run.error?.code ?? run.status}: ${run.stderr.slice(0, 300)}` }
  }
  try {
    return { status: run.status, complaints: JSON.parse(run.stdout).complaints }
  } catch {
    return { crash: `printed no JSON: ${run.stdout.slice(0, 300)}` }
  }
}

const shown = ({ line, column, severity, message, words }) =>
  `${line}:${column} ${severity} ${message ?? words.join(' ')}`

// What is not as expected, a line each.
function misses(expectations, { crash, status, complaints }) {
  if (crash) return [crash]
  const left = [...complaints]
  const missing = []
  for (const expected of expectations) {
    const at = left.findIndex(
      (said) =>
        said.line === expected.line &&
        said.column === expected.column &&
        said.severity === expected.severity &&
        holds(said.message, expected.words),
    )
    if (at < 0) missing.push(expected)
    else left.splice(at, 1)
  }
  const lines = [
    ...missing.map((expected) => `expected  ${shown(expected)}`),
    ...left.map((said) => `answered  ${shown(said)}`),
  ]
  const wanted = expectations.some(({ severity }) => severity === 'error') ? 1 : 0
  if (lines.length === 0 && status !== wanted) lines.push(`exit code ${status}, expected ${wanted}`)
  return lines
}

function filesIn(folder) {
  const names = fs.readdirSync(path.join(kHere, folder)).filter((name) => name.endsWith('.yaml'))
  const wanted = names.filter((name) => path.basename(name, '.yaml').includes(only))
  return wanted.map((name) => path.join(kHere, folder, name))
}

let failed = 0
function report(file, lines, answer) {
  if (lines.length > 0) failed++
  if (lines.length === 0 && only === '') return
  console.log(`${lines.length > 0 ? 'FAILED' : 'passed'}  ${path.relative(kHere, file)}`)
  const everything = (answer.complaints ?? []).map((said) => `answered  ${shown(said)}`)
  for (const line of lines.length > 0 ? lines : everything) console.log(`        ${line}`)
}

const wrong = filesIn('wrong')
const right = filesIn('right')
try {
  for (const file of wrong) {
    const expectations = expectationsOf(fs.readFileSync(file, 'utf8'))
    const answer = check(file)
    const lines = expectations.length > 0 ? misses(expectations, answer) : ['the first line is no "# expect:"']
    report(file, lines, answer)
  }
  for (const file of right) {
    const answer = check(file)
    report(file, misses([], answer), answer)
  }
} finally {
  fs.rmSync(scratch, { recursive: true })
}
if (wrong.length + right.length === 0) failed++
console.log(`${wrong.length} wrong and ${right.length} right files: ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

// A file that holds what must not leave. The client reads it, the model sees placeholders and edits with them, and the
// file on disk ends right, to the byte.

import fs from 'node:fs'
import path from 'node:path'
import { plain } from './client_process.mjs'

const kFile = 'contacts.ts'

// All made up; the check digits are right. As they stand in the file: two of them hold backslashes, one a quote.
const kEmail = 'marta.lindqvist@nordhavn-logistik.net'
const kIban = 'DE89 3704 0044 0532 0130 00'
const kPassword = String.raw`Zw9\"kT\\4vQ-ß8mLx`
// Not one of GitHub's or npm's: Copilot CLI masks those itself.
const kToken = `dop_v1_${'4f1c9b7e02ad835c6e91d0f7ab24386c'}${'5d0e9f71b8a2c463e5f80912d7ba6c3e'}`
const kKeyBytes = 'MC4CAQAwBQYDK2VwBCIEIAoLcmwmSbsfzD7cMjmEEq+WnA8rEqS68+aY8QH9pOys'
const kKey = String.raw`-----BEGIN PRIVATE KEY-----\n${kKeyBytes}\n-----END PRIVATE KEY-----\n`

const kBefore = String.raw`// Kontakte für Rückfragen: nur intern, "streng" vertraulich
export const contacts = [
  { name: "Grete \"Gü\" Öztürk", path: 'C:\\temp\\größe', mail: "${kEmail}", retries: 3 },
  { owner: "O'Brien & Söhne", iban: "${kIban}", note: "für \"Miete\" ☕", active: false },
]
export const dbPassword = "${kPassword}"
export const deployAt = "${kToken}"
export const signingKey = "${kKey}"
export const limit = 10
`
const kAfter = String.raw`// Kontakte für Rückfragen: nur intern, "streng" vertraulich
export const contacts = [
  { name: "Grete \"Gü\" Öztürk", path: 'C:\\temp\\größe', cc: "${kEmail}", mail: "${kEmail}", retries: 5 },
  { owner: "O'Brien & Söhne", iban: "${kIban}", note: "für \"Miete\" ☕", active: true },
]
export const dbPassword = "${kPassword}"
export const deployAt = "${kToken}"
export const signingKey = "${kKey}"
export const limit = 10
`

// What the stand-in upstream is told to do: see tests/upstream/editing_agent.mjs.
export const kEdit = {
  file: kFile,
  first: 'retries',
  last: 'signingKey',
  changes: [
    ['mail: ("[^"]*")', 'cc: $1, mail: $1'],
    ['retries: 3', 'retries: 5'],
    ['active: false', 'active: true'],
  ],
}

// Any of these in what reached the upstream is a leak. The backslashes of the file are doubled there, by JSON.
const kNeverLeave = [kEmail, kIban, kPassword.slice(-6), kToken, kKeyBytes]
const kOnScreen = [kEmail, kIban, kPassword, kToken, kKeyBytes]
const kPlaceholder = /RV[A-Z]{2}[0-9A-Z]{16}/

export function writeFile(project) {
  fs.writeFileSync(path.join(project, kFile), kBefore)
}

export const promptFor = (project) =>
  `In ${path.join(project, kFile)} set the retries to 5 and the account to active, and send a copy to the same address.`

export function clientFaults(result, hop, project) {
  const faults = []
  if (result.code !== 0) faults.push(`ended with ${result.code}`)
  const failed = hop.modelCalls.filter((call) => call.status !== 200)
  if (failed.length > 0) faults.push(`${failed.length} calls answered ${failed[0].status}`)
  const now = fs.readFileSync(path.join(project, kFile), 'utf8')
  if (now === kBefore) faults.push('the file is as it was')
  else if (now !== kAfter) faults.push(`the file is wrong: ${JSON.stringify(now)}`)
  const output = plain(result.output)
  for (const value of kOnScreen) if (!output.includes(plain(value))) faults.push(`the output lacks ${value}`)
  if (kPlaceholder.test(output)) faults.push(`the output holds ${output.match(kPlaceholder)[0]}`)
  return faults
}

// `bodies`: what reached the upstream in this run.
export function upstreamFaults(bodies) {
  const faults = []
  const all = bodies.join('\n')
  for (const value of kNeverLeave) {
    const at = all.indexOf(value)
    if (at >= 0) faults.push(`it reached the upstream: ${all.slice(Math.max(0, at - 100), at + value.length)}`)
  }
  const placeholders = ['mail: "RVPI', 'iban: "RVFI', 'dbPassword = "RVSE', 'deployAt = "RVSE', 'signingKey = "RVSE']
  for (const start of placeholders) {
    if (!all.includes(start.replace('"', '\\"'))) faults.push(`no placeholder: ${start}`)
  }
  return faults
}

// `intents`: entries of the ledger. Each type is there, from the tool's result, and became a placeholder every time.
export function ledgerFaults(intents) {
  const found = intents
    .flatMap((entry) => entry.content?.findings ?? [])
    .filter((finding) => finding.origin === 'tool_result')
  const types = ['email', 'iban', 'assigned-password', 'digitalocean-personal-token', 'private-key-pkcs8']
  return types.flatMap((type) => {
    const actions = new Set(found.filter((finding) => finding.type === type).map((finding) => finding.action))
    return actions.size === 1 && actions.has('tokenised') ? [] : [`${type} in the ledger: ${[...actions]}`]
  })
}

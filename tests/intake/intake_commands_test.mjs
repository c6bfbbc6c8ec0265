// Intakes and the inventory by commands, without a server.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { kProgram } from '../upstream/reeve_process.mjs'
import { answersOf, kDocuments } from './intake_api.mjs'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-intake-'))
const governance = path.join(folder, 'governance')
fs.mkdirSync(governance)
for (const [name, text] of Object.entries(kDocuments)) fs.writeFileSync(path.join(governance, name), text)
const config = path.join(folder, 'reeve.yaml')
fs.writeFileSync(config, `data_dir: ${folder}/data\ngovernance: ${governance}\n`)
after(() => fs.rmSync(folder, { recursive: true }))

function run(...words) {
  const done = spawnSync(kProgram, [...words, '--json', '--config', config, '--data', path.join(folder, 'data')])
  const text = String(done.stdout)
  const body = /^[[{]/.test(text) ? JSON.parse(text) : text
  return { code: done.status, body, text: text + done.stderr }
}
function done(...words) {
  const { code, body, text } = run(...words)
  assert.equal(code, 0, text)
  return body
}
const pairs = (tier) => Object.entries(answersOf(tier)).map(([id, value]) => `${id}=${value}`)

test('from a question to an item that is retired', () => {
  done('key', 'create', '--owner', 'lead@example.com', '--group', 'governance-council')
  done('key', 'create', '--owner', 'sec@example.com', '--group', 'security-reviewers')
  done('key', 'create', '--owner', 'law@example.com', '--group', 'legal-reviewers')
  done('key', 'create', '--owner', 'priv@example.com', '--group', 'privacy-reviewers')
  const { id, item } = done('intake', 'start', '--kind', 'model', '--title', '=cmd()', '--by', 'dev@example.com')
  const answered = done('intake', 'answer', id.slice(-6), ...pairs(2), '--by', 'dev@example.com')
  assert.equal(answered.tier.tier, 2)
  const waiting = done('approvals', '--by', 'sec@example.com')
  assert.deepEqual(waiting.map((one) => [one.id, one.do]), [[id, 'review:security']])
  const own = run('intake', 'decide', id, 'approve', '--reason', 'mine', '--by', 'dev@example.com')
  assert.equal(own.code, 1, own.text)
  for (const [checklist, by] of Object.entries({ security: 'sec', legal: 'law', privacy: 'priv' })) {
    const verdict = ['--verdict', 'pass', '--all', 'yes', '--by', `${by}@example.com`]
    done('intake', 'review', id, '--checklist', checklist, ...verdict)
  }
  const decided = done('intake', 'decide', id, 'approve', '--reason', 'as discussed', '--by', 'lead@example.com')
  assert.equal(decided.state, 'approved')
  assert.equal(done('intake', 'list', '--open').length, 0)
  assert.equal(done('inventory', 'show', item).item.status, 'approved')
  assert.equal(done('inventory', 'use', item).item.status, 'in_use')
  assert.equal(run('inventory', 'resume', item, '--reason', 'x').code, 1)
  done('inventory', 'register', 'kind=tool', 'title=An MCP server', 'owner=ada@example.com', 'users=a,b')
  assert.equal(run('inventory', 'register', 'kind=toaster', 'title=x', 'owner=y').code, 2)
  const narrowed = run('inventory', 'list', '--kind', 'toaster')
  assert.equal(narrowed.code, 2)
  assert.match(narrowed.text, /third_party_api/)
  // What is not named stays; what mattered makes it proposed again.
  const changes = ['notes=asked twice', 'integrations=git, jira']
  const noted = done('inventory', 'change', item, ...changes, '--by', 'ada@example.com')
  assert.deepEqual([noted.item.notes, noted.item.status], ['asked twice', 'in_use'])
  assert.deepEqual(noted.item.integrations, ['git', 'jira'])
  assert.equal(noted.item.title, '=cmd()')
  assert.equal(done('inventory', 'change', item, 'notes=').item.notes, undefined)
  assert.equal(run('inventory', 'change', item, 'environment=moon').code, 2)
  assert.equal(run('inventory', 'change', item, 'status=approved').code, 2)
  assert.equal(done('inventory', 'change', item, 'retention=forever').item.status, 'proposed')
  assert.equal(run('inventory', 'drift').code, 0)
  assert.equal(done('inventory', 'retire', item, '--reason', 'replaced').item.status, 'decommissioned')
})

test('an export is for spreadsheets, and runs nothing there', () => {
  const file = path.join(folder, 'inventory.csv')
  const words = ['inventory', 'export', '--output', file, '--config', config, '--data', path.join(folder, 'data')]
  assert.equal(spawnSync(kProgram, words).status, 0)
  const lines = fs.readFileSync(file, 'utf8').trim().split('\r\n')
  assert.equal(lines.length, 3)
  assert.match(lines[0], /^id,kind,title,status,risk_tier,owner/)
  assert.match(lines[2], /,model,'=cmd\(\),decommissioned,2,/)
  assert.equal(done('inventory', 'list', '--kind', 'tool').length, 1)
})

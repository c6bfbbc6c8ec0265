// What others chose is shown as text: a hundred attacks are stored through the paths that people and tools use, and
// every page and every CSV is opened. Nothing runs, nothing becomes markup, nothing is asked of anybody else.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, before, test } from 'node:test'
import { intakeFiles, kAddresses, openByLink, settle, startBrowser, startConsole } from './console_reeve.mjs'
import { kPayloads } from './payloads.mjs'

const kFile = `<img src=x onerror=ran()>.yaml`
const quoted = JSON.stringify
// Each text of a rule that people read is an attack, and the rule refuses a call.
const rules = kPayloads
  .map(
    (text, i) => `kind: Policy
name: hostile-${i}
title: ${quoted(text)}
owner: ${quoted(text)}
on: model.call
when: model.name == "practice-${i}"
effect: deny
message: ${quoted(text)}
fix: ${quoted(text)}
mode: ${i % 10 === 0 ? 'shadow' : 'enforce'}
tests:
  - {name: ${quoted(text)}, given: {model: {name: practice-${i}}}, expect: deny}
`,
  )
  .join('---\n')
let browser, house, secret
before(async () => {
  ;[browser, house] = await Promise.all([startBrowser(), startConsole({ files: { [kFile]: rules, ...intakeFiles() } })])
  ;({ secret } = await house.reeve.createKey('lead@example.com', '--scope', 'control:*'))
  await store(house.reeve)
})
after(async () => {
  await browser?.close()
  house?.end()
})

const api = (method, path, body) =>
  fetch(`${house.reeve.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })

async function call(reeve, key, text, model) {
  const answer = await fetch(`${reeve.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'user-agent': text,
      'x-reeve-session': text,
      'x-reeve-work-item': text,
      'x-reeve-repo': text,
      'x-reeve-feature': text,
    },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: text }],
      tools: [{ type: 'function', function: { name: 'read_file', description: text, parameters: { type: 'object' } } }],
    }),
  })
  await answer.text()
  return answer.status
}

// Everything that is stored is stored by the paths of every day; how much of it was taken is counted.
const stored = { calls: 0, keys: 0, exceptions: 0, cutoffs: 0, agents: 0, items: 0, intakes: 0 }
const named = []
const note = async (answer, place, member) => {
  if (answer.status !== 201) return false
  const { [member]: made } = await answer.json()
  named.push([`${place} ${made.id}`, `${place}/${made.id}`])
  return true
}
async function store(reeve) {
  const { secret: key } = await reeve.createKey('grace@example.com', '--team', kPayloads[0])
  for (const [i, text] of kPayloads.entries()) {
    const statuses = [await call(reeve, key, text, `practice-${i}`), await call(reeve, key, text, text)]
    stored.calls += statuses.filter((status) => status !== 401).length
    const asked = { budget: 'everybody-monthly', add: '$1', until: '1d', reason: text, work_item: text }
    stored.exceptions += await note(await api('POST', '/api/v1/exceptions', asked), 'exceptions', 'exception')
    stored.items += await note(await api('POST', '/api/v1/inventory', itemOf(text)), 'inventory', 'item')
    const intake = await api('POST', '/api/v1/intake', { kind: 'tool', title: text, owner: text })
    stored.intakes += await note(intake, 'intake', 'intake')
    const cut = await api('POST', '/api/v1/kill-switch', { scope: `group:${text}`, reason: text })
    stored.cutoffs += cut.status === 201
    const agent = {
      id: `agent-${i}`,
      spiffe: [`spiffe://example.com/agent-${i}`],
      title: text,
      purpose: text,
      team: text,
      models: [text],
      tools: [text],
    }
    stored.agents += (await api('POST', '/api/v1/agents', agent)).status === 201
  }
  // Each takes a program of its own.
  for (const text of kPayloads.slice(0, 20)) {
    const made = await reeve.createKey(text, '--team', text, '--group', text, '--note', text).catch(() => null)
    stored.keys += made !== null
    if (made) await call(reeve, made.secret, text, 'practice-small')
  }
}

// Every text of an item that somebody writes.
const itemOf = (text) => ({
  kind: 'model',
  title: text,
  owner: text,
  purpose: text,
  notes: text,
  model: text,
  provider: text,
  region: text,
  retention: text,
  users: [text],
  data_classes: [text],
  integrations: [text],
  guardrails: [text],
  seen_as: [`model:${text}`],
})

test('the attacks are stored, each by most of the ways', () => {
  assert.ok(stored.calls >= 190, JSON.stringify(stored))
  assert.ok(stored.exceptions >= 90, JSON.stringify(stored))
  assert.ok(stored.cutoffs >= 90, JSON.stringify(stored))
  assert.ok(stored.agents >= 90, JSON.stringify(stored))
  assert.ok(stored.keys >= 15, JSON.stringify(stored))
  assert.ok(stored.items >= 90, JSON.stringify(stored))
  assert.ok(stored.intakes >= 90, JSON.stringify(stored))
})

const kMarkup =
  'main :is(img, script, svg, iframe, object, embed, math, video, link, base, meta, style, form[action], body), ' +
  'a[href^="javascript:" i], a[href^="data:" i], [onerror], [onload], [ontoggle], [srcdoc]'

async function check(page, name) {
  assert.equal(await page.evaluate((marks) => document.querySelectorAll(marks).length, kMarkup), 0, `${name}: markup`)
  assert.deepEqual(await page.evaluate(() => globalThis.ranAttacks), [], name)
  assert.deepEqual(page.complaints, [], name)
}

// A spreadsheet takes a field that begins so for a formula.
const isFormula = (field) => /^[=+\-@\t\r]/.test(field) && !/^-?[\d.e+-]+$/.test(field)
function fieldsOf(csv) {
  const fields = csv.match(/"(?:[^"]|"")*"|[^,\r\n]+/g) ?? []
  return fields.map((field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field))
}

async function checkFiles(page, name) {
  for (const button of await page.getByRole('button', { name: 'CSV', exact: true }).all()) {
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
    const text = fs.readFileSync(await download.path(), 'utf8')
    assert.deepEqual(fieldsOf(text).filter(isFormula), [], `${name}: ${download.suggestedFilename()}`)
    assert.match(download.suggestedFilename(), /^[a-z0-9-]+(-and-[a-z_]+)?\.csv$/)
  }
}

const encoded = encodeURIComponent
const kNamed = [
  ...kPayloads.slice(0, 20).map((text) => [`session ${text}`, `sessions/${encoded(text)}`]),
  ...kPayloads.slice(0, 20).map((text) => [`person ${text}`, `people/${encoded(text)}`]),
  ...[0, 1, 20, 40, 60, 80].map((i) => [`policy ${i}`, `policies/hostile-${i}`]),
  ...kPayloads.slice(0, 6).map((text) => [`own session ${text}`, `you/sessions/${encoded(text)}`]),
  ...kPayloads.slice(0, 6).map((text) => [`filter ${text}`, `decisions?person=${encoded(text)}&team=${encoded(text)}`]),
]

test('every page and every CSV: nothing runs, nothing is markup, nothing is reported', async () => {
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1360, height: 900 } })
  await context.addInitScript(() => {
    globalThis.ranAttacks = []
    globalThis.ran = () => globalThis.ranAttacks.push(location.pathname)
  })
  const page = await openByLink(context, house.reeve)
  // Of each kind of register some, of different attacks.
  const some = ['exceptions', 'inventory', 'intake'].flatMap((place) =>
    named.filter(([, address]) => address.startsWith(`${place}/`)).filter((_, i) => i % 10 === 0),
  )
  assert.ok(some.length >= 27)
  for (const [name, address] of [...kAddresses, ...kNamed, ...some]) {
    await page.goto(`${house.reeve.url}/console/${address}`)
    await settle(page)
    // An answer of 404 about a name that is nobody's is told by the browser, too.
    page.complaints = page.complaints.filter((text) => !/status of 404/.test(text))
    await check(page, name)
    if (!name.includes(' ')) await checkFiles(page, name)
  }
  await context.close()
})

test('decisions and entries that hold them: the same', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  await context.addInitScript(() => {
    globalThis.ranAttacks = []
    globalThis.ran = () => globalThis.ranAttacks.push(location.pathname)
  })
  const page = await openByLink(context, house.reeve)
  const { decisions } = await (await api('GET', '/api/v1/decisions?outcome=refused&limit=50')).json()
  assert.ok(decisions.length >= 50)
  // A model that nobody serves is refused before any rule is asked.
  const decided = decisions.filter(({ rule }) => rule)
  assert.ok(decided.length >= 12)
  for (const { decision } of decided.slice(0, 12)) {
    for (const address of [`decisions/${decision}`, `ledger/${decision}`]) {
      await page.goto(`${house.reeve.url}/console/${address}`)
      await settle(page)
      await check(page, address)
    }
  }
  await context.close()
})

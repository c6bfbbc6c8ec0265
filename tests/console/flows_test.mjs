// The ways people go through the console, each from signing in at the company to what they came for, in a real browser
// against the real program: on SQLite, and on a PostgreSQL (STORAGE).

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { promisify } from 'node:util'
import { kRoot } from '../upstream/reeve_process.mjs'
import { askModel, House, kPeople, kStorage, until } from './house.mjs'
import { axe, settle, shoot } from './looking.mjs'

const run = promisify(execFile)
const house = new House()
let key

before(async () => {
  await house.start()
  key = await house.reeve.createKey('ada@example.com', '--team', 'payments')
  for (let i = 0; i < 4; i++) await askModel(house.reeve, key.secret, { session: `small-work-${i}` })
  // One that is dearer than the others, by the model and by how much was asked.
  for (let i = 0; i < 6; i++) {
    await askModel(house.reeve, key.secret, {
      model: 'practice-large',
      session: 'dear-work',
      text: `Explain this file. ${'word '.repeat(4_000)}`,
    })
  }
  await askModel(house.reeve, key.secret, { model: 'practice-forbidden', session: 'small-work-0' })
})
afterEach(() => house.closePages())
after(() => house.end())

const name = (what) => `flow-${kStorage}-${what}`

test('whoever signs in is back at the page that was asked for, and sees what the role shows', async () => {
  const auditor = await house.pageOf('auditor')
  await settle(auditor)
  for (const question of [/Why did spend change/, /expensive model/, /What data is sent/, /Who approved/]) {
    await auditor.getByRole('heading', { name: question }).waitFor()
  }
  await auditor.getByText('11 calls').first().waitFor()
  await shoot(auditor, name('first-look'))
  assert.deepEqual(await axe(auditor), [])
  const dev = await house.pageOf('dev', 'exceptions')
  await dev.getByRole('heading', { name: 'Exceptions', level: 1 }).waitFor()
  // A developer reads neither the ledger nor what others spend.
  assert.equal(await dev.getByRole('link', { name: 'Ledger', exact: true }).count(), 0)
  await dev.goto(`${house.reeve.url}/console/ledger`)
  await dev.getByText('Your roles do not open this page').waitFor()
  assert.match(await dev.textContent('main'), /ledger\.read/)
  // What the page does not ask is not given, either.
  const status = await dev.evaluate(async () => (await fetch('/api/v1/ledger/entries')).status)
  assert.equal(status, 403)
  const nobody = await house.pageOf('nobody-yet@example.com')
  await nobody.getByText('have no role that shows spend').waitFor()
  await shoot(nobody, name('no-role'))
  assert.deepEqual(house.complaintsOf(auditor, nobody), [])
})

test('an expensive session is found and explained', async () => {
  const page = await house.pageOf('auditor', 'sessions')
  const table = page.getByRole('region', { name: 'Sessions' })
  await table.getByRole('button', { name: 'Cost' }).click()
  const dearest = table.getByRole('rowheader').first()
  assert.equal(await dearest.textContent(), 'dear-work')
  await dearest.getByRole('link').click()
  await page.getByRole('heading', { name: 'Session dear-work' }).waitFor()
  await settle(page)
  const told = await page.textContent('main')
  assert.match(told, /ada@example\.com/)
  assert.match(told, /6 calls/)
  assert.match(told, /practice-large/)
  await shoot(page, name('expensive-session'))
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(house.complaintsOf(page), [])
})

test('a denied call says which rule, why, and in which session', async () => {
  const page = await house.pageOf('auditor', 'ledger')
  await page.getByRole('button', { name: 'Refused' }).click()
  const row = page
    .getByRole('region', { name: 'Entries of the ledger' })
    .getByRole('row')
    .filter({ hasText: 'no-mystery' })
    .first()
  await row.getByRole('link').click()
  await page.getByRole('heading', { name: 'What it says' }).waitFor()
  const told = await page.textContent('main')
  assert.match(told, /refused/)
  assert.match(told, /no-mystery/)
  await shoot(page, name('denied-call'))
  await page.getByRole('link', { name: 'small-work-0' }).click()
  await page.getByText('rule no-mystery').waitFor()
  assert.deepEqual(house.complaintsOf(page), [])
})

test('a proof is checked by the browser itself', async () => {
  const page = await house.pageOf('auditor', 'ledger/3')
  await until('the entry is signed', async () => {
    await page.reload()
    await page.getByRole('heading', { name: 'Proof' }).waitFor()
    return page.getByRole('button', { name: 'Check it in this browser' }).count()
  })
  await page.getByRole('button', { name: 'Check it in this browser' }).click()
  await page.getByRole('alert').waitFor()
  assert.match(await page.getByRole('alert').textContent(), /It holds\./)
  await shoot(page, name('proof'))
})

test('an exception: asked by one, approved by another, and never by whoever asked', async () => {
  const lead = await house.pageOf('lead', 'exceptions')
  await lead.getByRole('button', { name: 'Ask for one' }).click()
  const dialog = lead.getByRole('dialog')
  await dialog.getByLabel('Budget').locator('option').first().waitFor({ state: 'attached' })
  await dialog.getByLabel('How much more').fill('$40')
  await dialog.getByLabel('Reason').fill('The migration of payments')
  await dialog.getByRole('button', { name: 'Ask', exact: true }).click()
  await lead.getByText('You asked for it, so somebody else decides.').waitFor()
  assert.equal(await lead.getByRole('button', { name: 'Approve…' }).count(), 0)
  await shoot(lead, name('own-request'))
  // Nor by going around the page: the server says the same.
  const id = lead.url().split('/').at(-1)
  const refused = await lead.evaluate(async (path) => {
    const { exception } = await (await fetch(path)).json()
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ decision: 'approve', digest: exception.digest }),
    })
    return { status: answer.status, text: await answer.text() }
  }, `/api/v1/exceptions/${id}`)
  assert.equal(refused.status, 403, refused.text)

  const boss = await house.pageOf('boss', `exceptions/${id}`)
  await boss.getByRole('button', { name: 'Approve…' }).click()
  await boss.getByRole('dialog').getByLabel('Conditions').fill('Tell the team')
  await boss.getByRole('button', { name: 'Approve', exact: true }).click()
  await boss.getByText('Approved by').waitFor()
  assert.match(await boss.textContent('main'), /boss@example\.com.*Tell the team/s)
  await shoot(boss, name('approved'))
  await boss.goto(`${house.reeve.url}/console/`)
  await boss.getByText(/asked by lead@example\.com.*approved by boss@example\.com/).waitFor()
  // The browser tells of the 403 that was asked for above.
  assert.deepEqual(
    house.complaintsOf(lead, boss).filter((text) => !/\b403\b/.test(text)),
    [],
  )
})

test('the kill switch cuts somebody off, and lets on again', async () => {
  const page = await house.pageOf('commander', 'kill-switch')
  await page.getByText('Nothing is cut off').waitFor()
  await page.getByRole('button', { name: 'Cut off…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('ada@example.com')
  await dialog.getByLabel('Reason').fill('A laptop was stolen')
  await dialog.getByRole('button', { name: 'Cut off now' }).click()
  await page.getByRole('button', { name: /^Let on again/ }).waitFor()
  const refused = await askModel(house.reeve, key.secret)
  assert.notEqual(refused.status, 200)
  assert.match(refused.text, /switched off.*A laptop was stolen/)
  await shoot(page, name('cut-off'))
  await page.getByRole('button', { name: /^Let on again/ }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('It was found')
  await page.getByRole('dialog').getByRole('button', { name: 'Let on again' }).click()
  await page.getByText('Nothing is cut off').waitFor()
  assert.equal((await askModel(house.reeve, key.secret)).status, 200)
  assert.deepEqual(house.complaintsOf(page), [])
})

test('an evidence pack is made, taken away, and holds for the verifier; not for everybody', async () => {
  const page = await house.pageOf('auditor', 'evidence', { acceptDownloads: true })
  await page.getByLabel('Framework').selectOption('soc2')
  await page.getByRole('button', { name: 'Make it' }).click()
  const link = page.getByRole('link', { name: /^Download/ })
  await link.waitFor()
  await shoot(page, name('evidence'))
  assert.deepEqual(await axe(page), [])
  const coming = page.waitForEvent('download')
  await link.click()
  const download = await coming
  assert.match(download.suggestedFilename(), /^evidence-soc2-\d{4}-\d{2}-\d{2}\.zip$/)
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-evidence-'))
  try {
    await download.saveAs(path.join(folder, 'pack.zip'))
    await run('unzip', ['-q', path.join(folder, 'pack.zip'), '-d', folder])
    const pack = path.join(folder, download.suggestedFilename().replace('.zip', ''))
    const verifierKey = (await house.reeve.command('ledger', 'key')).trim()
    const verifier = path.join(kRoot, 'verifier/verify.mjs')
    const { stdout } = await run(process.execPath, [verifier, pack, '--key', verifierKey])
    assert.match(stdout, /\S/)
    fs.appendFileSync(path.join(pack, 'report.json'), ' ')
    await assert.rejects(run(process.execPath, [verifier, pack, '--key', verifierKey]))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
  const read = (await house.reeve.entries()).filter(({ kind, detail }) => kind === 'ledger.read' && detail?.what)
  assert.ok(read.some(({ detail }) => detail.what === 'evidence' && detail.by === kPeople.auditor))
  // Another person's cookie opens neither the list nor the file.
  const address = await link.getAttribute('href')
  const boss = await house.pageOf('boss')
  for (const path of ['/api/v1/evidence', address]) {
    assert.equal(await boss.evaluate(async (at) => (await fetch(at)).status, path), 403)
  }
  assert.deepEqual(house.complaintsOf(page), [])
})

test('a key is revoked, and refused from then on', async () => {
  const lost = await house.reeve.createKey('linda@example.com')
  assert.equal((await askModel(house.reeve, lost.secret)).status, 200)
  const admin = await house.pageOf('admin', 'people')
  await admin.getByRole('tab', { name: 'Keys' }).click()
  const row = admin.getByRole('region', { name: 'Keys' }).getByRole('row').filter({ hasText: 'linda@example.com' })
  await row.getByRole('button', { name: /^Revoke…/ }).click()
  await admin.getByRole('dialog').getByLabel('Reason').fill('It was in a screenshot')
  assert.deepEqual(await axe(admin), [])
  await admin.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await row.getByText('revoked').waitFor()
  await shoot(admin, name('key-revoked'))
  await until('it is refused', async () => (await askModel(house.reeve, lost.secret)).status === 401, 2)
  assert.equal((await askModel(house.reeve, key.secret)).status, 200)
  assert.deepEqual(house.complaintsOf(admin), [])
})

// A list as long as somebody's history: a table of a million rows is drawn, sorted and read to its end, with some
// dozens of rows in the document; a list that never ends is held as far as a page needs it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeCalls, openByLink, startBrowser, startConsole } from './console_reeve.mjs'

let browser, house
before(async () => {
  ;[browser, house] = await Promise.all([startBrowser(), startConsole()])
  await makeCalls(house.reeve)
})
after(async () => {
  await browser?.close()
  await house?.end()
})

const kRows = 1_000_000

// In the page: the answer is made where it is read, since what is tested is not how it gets there.
function answerWithRows(rows) {
  const real = globalThis.fetch
  const one = (i) => ({
    session: `s-${i}`,
    calls: (i * 7919) % rows,
    refused: 0,
    estimated: 0,
    unknown_prices: 0,
    cost_nanos: i,
    usage: { input: i, output: i, cache_read: 0, reasoning: 0 },
  })
  globalThis.fetch = (address, options) => {
    const url = new URL(String(address), location.href)
    if (url.pathname !== '/api/v1/spend' || url.searchParams.get('by') !== 'session') return real(address, options)
    const groups = Array.from({ length: rows }, (_, i) => one(i))
    const text = JSON.stringify({ by: ['session'], groups, total: one(1) })
    return Promise.resolve({ ok: true, status: 200, text: async () => text })
  }
}

const inDocument = (table) => table.locator('tbody tr:not([aria-hidden])').count()

test('a million rows: the first, the last and the greatest are there, and dozens in the document', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await openByLink(context, house.reeve)
  await page.addInitScript(answerWithRows, kRows)
  await page.goto(`${house.reeve.url}/console/spend?by=session`)
  const region = page.getByRole('region', { name: 'Spend by session' })
  await region.getByRole('rowheader').first().waitFor({ timeout: 120_000 })
  const table = region.getByRole('table')
  assert.equal(await table.getAttribute('aria-rowcount'), String(kRows + 1))
  assert.ok((await inDocument(table)) < 200)
  // To the end, as somebody with the End key.
  await region.focus()
  await page.keyboard.press('End')
  const last = region.locator(`tr[aria-rowindex="${kRows + 1}"]`)
  await last.waitFor()
  await last.scrollIntoViewIfNeeded()
  assert.ok((await inDocument(table)) < 200)
  // By another column: the greatest first, then the least.
  const first = () => region.locator('tr[aria-rowindex="2"]').getByRole('cell').first().textContent()
  await region.getByRole('button', { name: 'Calls' }).click()
  await region.locator('th[aria-sort="descending"]').waitFor()
  await page.keyboard.press('Home')
  await region.focus()
  await page.keyboard.press('Home')
  await region.locator('tr[aria-rowindex="2"]').waitFor()
  assert.equal(await first(), (kRows - 1).toLocaleString('en-US'))
  await region.getByRole('button', { name: 'Calls' }).click()
  await region.locator('th[aria-sort="ascending"]').waitFor()
  assert.equal(await first(), '0')
  // That the index is still being made is told with 503, and asked again.
  assert.deepEqual(
    page.complaints.filter((text) => !/status of 503/.test(text)),
    [],
  )
  await context.close()
})

// Pages of sessions without an end, with what each was asked for.
function answerWithoutEnd() {
  const real = globalThis.fetch
  globalThis.asked = []
  globalThis.fetch = (address, options) => {
    const url = new URL(String(address), location.href)
    if (url.pathname !== '/api/v1/sessions') return real(address, options)
    const from = Number(url.searchParams.get('cursor') || 0)
    globalThis.asked.push(from)
    const time = '2026-01-01T00:00:00Z'
    const sessions = Array.from({ length: 1000 }, (_, i) => ({
      session: `s-${from + i}`,
      calls: 1,
      denied: 0,
      not_ok: 0,
      first: time,
      last: time,
    }))
    const text = JSON.stringify({ sessions, next: String(from + 1000) })
    return Promise.resolve({ ok: true, status: 200, text: async () => text })
  }
}

test('a list without an end: a page holds ten thousand, and says that there are more', async () => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } })
  const page = await openByLink(context, house.reeve)
  await page.addInitScript(answerWithoutEnd)
  await page.goto(`${house.reeve.url}/console/sessions`)
  const table = page.getByRole('table', { name: 'Sessions' })
  for (let held = 1000; held < 10_000; held += 1000) {
    await page.locator(`table[aria-rowcount="${held + 1}"]`).waitFor()
    await page.getByRole('button', { name: 'Earlier ones' }).click()
  }
  await page.locator('table[aria-rowcount="10001"]').waitFor()
  await page.getByText(/There are more, and this is as much as a page shows/).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Earlier ones' }).count(), 0)
  assert.ok((await inDocument(table)) < 200)
  assert.deepEqual(
    await page.evaluate(() => globalThis.asked),
    Array.from({ length: 10 }, (_, i) => i * 1000),
  )
  await context.close()
})

// The main tasks with the keyboard alone, and at twice the size: signing in, finding a session, approving, the kill
// switch. Nothing is clicked, and no field is filled but by keys.

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { askModel, House } from './house.mjs'
import { kAddresses, openPage } from './console_reeve.mjs'
import { axe, beyondTheEdge, cutOff, settle, shoot, tabTo } from './looking.mjs'

const house = new House()
let key

before(async () => {
  // Who asks has to see what became of it.
  await house.start({ bindings: { viewer: 'dev@example.com' } })
  key = await house.reeve.createKey('ada@example.com', '--team', 'payments')
  await askModel(house.reeve, key.secret, { session: 'small-work' })
  await askModel(house.reeve, key.secret, { model: 'practice-large', session: 'dear-work' })
})
afterEach(() => house.closePages())
after(() => house.end())

// At the company's own page, too, only keys are used.
async function signInByKeys(person, address = '') {
  const context = await house.browser.newContext({ viewport: house.screen })
  const page = await openPage(context, house.reeve)
  await page.goto(`${house.reeve.url}/console/${address}`)
  await page.getByRole('link', { name: 'Sign in with Example Corp' }).waitFor()
  await tabTo(page, /^Sign in with Example Corp$/)
  await page.keyboard.press('Enter')
  await page.getByLabel('Account').waitFor()
  await tabTo(page, /^Account/)
  await page.keyboard.type(`${person}@example.com`)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1 }).waitFor()
  return page
}

async function press(page, ...keys) {
  for (const one of keys) await page.keyboard.press(one)
}

test('signing in, and finding an expensive session', async () => {
  const page = await signInByKeys('auditor')
  await press(page, 'g', 'e')
  await page.getByRole('heading', { name: 'Sessions', level: 1 }).waitFor()
  await page.getByRole('rowheader').first().waitFor()
  await tabTo(page, /^Cost$/)
  await press(page, 'Enter')
  assert.equal(await page.getByRole('columnheader', { name: 'Cost' }).getAttribute('aria-sort'), 'descending')
  await tabTo(page, /^dear-work$/)
  await press(page, 'Enter')
  await page.getByRole('heading', { name: 'Session dear-work' }).waitFor()
})

test('asking, and approving as somebody else', async () => {
  const dev = await signInByKeys('dev', 'exceptions')
  await dev.getByRole('heading', { name: 'Exceptions', level: 1 }).waitFor()
  await tabTo(dev, /^Ask for one$/)
  await press(dev, 'Enter')
  const dialog = dev.getByRole('dialog')
  await dialog.getByLabel('Budget').locator('option').first().waitFor({ state: 'attached' })
  await tabTo(dev, /^Reason/)
  await dev.keyboard.type('By keyboard')
  await tabTo(dev, /^Ask$/)
  await press(dev, 'Enter')
  await dev.getByText('Waits for').waitFor()

  const boss = await signInByKeys('boss', 'exceptions')
  await boss.getByRole('rowheader').first().waitFor()
  await tabTo(boss, /more of everybody-monthly/)
  await press(boss, 'Enter')
  await boss.getByRole('button', { name: 'Approve…' }).waitFor()
  await tabTo(boss, /^Approve…$/)
  await press(boss, 'Enter')
  await boss.getByRole('dialog').waitFor()
  await tabTo(boss, /^Approve$/)
  await press(boss, 'Enter')
  await boss.getByText('Approved by').waitFor()
})

test('the kill switch', async () => {
  const page = await signInByKeys('commander')
  await press(page, 'g', 'k')
  await page.getByText('Nothing is cut off').waitFor()
  await tabTo(page, /^Cut off…$/)
  await press(page, 'Enter')
  await page.getByRole('dialog').waitFor()
  await tabTo(page, /^Name/)
  await page.keyboard.type('ada@example.com')
  await tabTo(page, /^Reason/)
  await page.keyboard.type('a drill')
  await press(page, 'Enter')
  await page.getByRole('button', { name: /^Let on again/ }).waitFor()
  assert.notEqual((await askModel(house.reeve, key.secret)).status, 200)
  await tabTo(page, /^Let on again…/)
  await press(page, 'Enter')
  await page.getByRole('dialog').waitFor()
  await tabTo(page, /^Reason/)
  await page.keyboard.type('it is over')
  await press(page, 'Enter')
  await page.getByText('Nothing is cut off').waitFor()
  assert.equal((await askModel(house.reeve, key.secret)).status, 200)
})

// A window of 1280 by 800 at 200 %, and text alone at twice its size in the whole window.
const kSizes = [
  ['zoomed', { width: 640, height: 400 }, 1],
  ['large text', { width: 1280, height: 800 }, 2],
]
const kPages = [...kAddresses.map(([, address]) => address), 'sessions/dear-work', 'ledger/3', 'people/ada@example.com']
for (const [name, viewport, times] of kSizes) {
  test(`${name}: nothing is cut off, and no page scrolls sideways`, async () => {
    const auditor = await house.pageOf('auditor', '', { viewport })
    const found = []
    const look = async (page, what) => {
      await settle(page)
      if (times !== 1) {
        await page.evaluate((factor) => {
          document.documentElement.style.fontSize = `${factor * 14}px`
        }, times)
      }
      const over = await beyondTheEdge(page)
      if (over > 0) found.push(`${what}: ${over} pixels beyond the edge`)
      for (const text of await cutOff(page)) found.push(`${what}: "${text}" is cut off`)
      await shoot(page, `${name.replace(' ', '-')}-${what.replaceAll(/[^a-z0-9-]+/g, '-') || 'overview'}`)
    }
    for (const address of kPages) {
      await auditor.goto(`${house.reeve.url}/console/${address}`)
      await look(auditor, address)
    }
    // A dialog is as high as it is: what does not fit into the window scrolls in it.
    const dev = await house.pageOf('dev', 'exceptions', { viewport })
    await dev.getByRole('button', { name: 'Ask for one' }).click()
    await dev.getByRole('dialog').waitFor()
    await look(dev, 'ask')
    const button = dev.getByRole('dialog').getByRole('button', { name: 'Ask', exact: true })
    await button.scrollIntoViewIfNeeded()
    assert.ok(await button.isVisible())
    assert.deepEqual(await axe(dev), [])
    assert.deepEqual(found, [])
  })
}

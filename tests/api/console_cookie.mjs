// The cookie that a browser has once somebody opened the console by a link of `reeve console`.

import assert from 'node:assert/strict'
import { HttpBrowser, hiddenFields } from '../sign-in/http_browser.mjs'

export async function cookieOf(reeve, person) {
  const base = `http://127.0.0.1:${reeve.port}`
  const { link } = JSON.parse(await reeve.command('console', '--json', '--address', base, '--by', person))
  const browser = new HttpBrowser()
  const page = await browser.visit(link)
  await browser.visit(`${base}/console/enter`, {
    form: hiddenFields(page.text),
    headers: { origin: base, 'sec-fetch-site': 'same-origin' },
    follow: () => false,
  })
  const cookies = browser.cookieOf(base).map(({ name, value }) => `${name}=${value}`)
  assert.ok(
    cookies.some((cookie) => cookie.includes('reeve-session=')),
    page.text,
  )
  return cookies.join('; ')
}

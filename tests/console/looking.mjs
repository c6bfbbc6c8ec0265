// How a page is looked at: when it stands still, a picture, what axe finds, what lies beyond the edge.

import fs from 'node:fs'
import path from 'node:path'

const kAxe = path.join(process.env.SIGN_IN_MODULES ?? '.', 'node_modules/axe-core/axe.min.js')
const kShots = process.env.CONSOLE_SCREENSHOTS

// Kept as what a build leaves behind, in the folder that CONSOLE_SCREENSHOTS names.
export async function shoot(page, name) {
  if (!kShots) return
  fs.mkdirSync(kShots, { recursive: true })
  await page.screenshot({ path: path.join(kShots, `${name}.png`), fullPage: true })
}

// Evaluated through the driver, which the page's own policy does not bind.
export async function axe(page) {
  await page.evaluate(fs.readFileSync(kAxe, 'utf8'))
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .slice(0, 3)
        .map(({ html }) => html)
        .join(' | ')}`,
  )
}

export async function settle(page) {
  await page.getByRole('heading', { level: 1 }).waitFor()
  // Waited for by the driver: a function in the page would be evaluated, which its policy forbids.
  await page.locator('[role="status"] i').first().waitFor({ state: 'detached' })
}

// Pixels of the page that one reaches only by scrolling sideways.
export const beyondTheEdge = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

// Texts that are cut off by a box that does not scroll. What is there for screen readers only is none.
export const cutOff = (page) =>
  page.evaluate(() => {
    const found = []
    for (const box of document.querySelectorAll('main *, header *, dialog[open] *')) {
      const { overflowX, overflowY, clipPath } = getComputedStyle(box)
      if (clipPath !== 'none' || box.closest('[aria-hidden="true"], svg, canvas')) continue
      const wide = overflowX === 'hidden' && box.scrollWidth > box.clientWidth + 1
      const high = overflowY === 'hidden' && box.scrollHeight > box.clientHeight + 1
      if ((wide || high) && box.textContent.trim()) found.push(box.textContent.trim().slice(0, 60))
    }
    return found
  })

// Goes on with Tab until what has the focus is called that, as somebody without a mouse does.
export async function tabTo(page, name, most = 80) {
  for (let i = 0; i < most; i++) {
    const at = await page.evaluate(() => {
      const { activeElement: focused } = document
      if (focused === document.body) return ''
      return focused.getAttribute('aria-label') ?? focused.labels?.[0]?.textContent ?? focused.textContent ?? ''
    })
    if (name.test(at.trim())) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not reach ${name}`)
}

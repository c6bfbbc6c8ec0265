// Somebody who has just run ./run: the program's own tour, in a terminal; its link, in a browser; and the four
// questions, answered by what the tour did, without a word of documentation.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { freePort, kProgram } from '../upstream/reeve_process.mjs'
import { openPage, startBrowser } from './console_reeve.mjs'
import { until } from './house.mjs'
import { axe, settle, shoot } from './looking.mjs'

let folder, browser, program, said, url

// `script` gives it a terminal, since only there it prints a link.
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-newcomer-'))
  const address = `127.0.0.1:${await freePort()}`
  url = `http://${address}`
  said = ''
  const command = `exec '${kProgram}' run --listen ${address}`
  program = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], { cwd: folder })
  program.stdout.on('data', (text) => (said += text))
  browser = await startBrowser()
  await until('it says where to look', async () => /\/console\/\S*#?\S+[\s\S]*Stop with Ctrl-C/.test(said), 90)
})
after(async () => {
  await browser?.close()
  program?.stdin.write('\u0003')
  await new Promise((done) => (program?.exitCode === null ? program.once('exit', done) : done()))
  fs.rmSync(folder, { recursive: true, force: true })
})

// What is on a card, once its answer is there.
async function answerTo(page, question) {
  const card = page.getByRole('region', { name: question })
  await card.waitFor()
  await card.locator('[role="status"] i').first().waitFor({ state: 'detached' })
  return (await card.innerText()).replaceAll(/\s+/g, ' ')
}

test('the four questions are answered by what the tour did', async () => {
  const plain = said.replaceAll(/\u001b\[[0-9;]*m/g, '')
  const link = plain.match(/http:\/\/\S+\/console\/\S+/)?.[0]
  assert.ok(link, plain)
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1360, height: 900 } })
    const page = await openPage(context, { url })
    if (colorScheme === 'light') await page.goto(link)
    else await page.goto(await anotherLink())
    await page.getByRole('button', { name: 'Open the console' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await settle(page)
    const answers = {
      why: await answerTo(page, /Why did spend change/),
      cheaper: await answerTo(page, /expensive model/),
      data: await answerTo(page, /What data is sent/),
      approved: await answerTo(page, /Who approved/),
    }
    await shoot(page, `newcomer-${colorScheme}`)
    // Each with its names and figures, not with "nothing yet".
    assert.match(answers.why, /\$\d/)
    assert.match(answers.cheaper, /@.*\$\d.*practice-large/, answers.cheaper)
    assert.match(answers.data, /(refused|replaced).*to practice-/i, answers.data)
    assert.match(answers.approved, /approved by \S+@\S+/, answers.approved)
    assert.deepEqual(await axe(page), [])
    assert.deepEqual(page.complaints, [])
    await context.close()
  }
})

function anotherLink() {
  const made = spawn(kProgram, ['console', '--json', '--address', url], { cwd: folder })
  let text = ''
  made.stdout.on('data', (piece) => (text += piece))
  return new Promise((done, fail) =>
    made.once('close', (code) => (code ? fail(new Error(text)) : done(JSON.parse(text).link))),
  )
}

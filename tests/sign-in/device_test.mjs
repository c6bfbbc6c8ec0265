// `reeve login` in a terminal and a real browser, against a real provider; then calls, silent renewal, and the end.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { kProgram } from '../upstream/reeve_process.mjs'
import { importPackage } from './provider.mjs'
import { call, claimsOf, entriesOf, startBoth } from './signing_in.mjs'

const kChromium = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => fs.existsSync(file))
const run = promisify(execFile)
let both, reeve, browser, environment

before(async () => {
  both = await startBoth('  tokens: {lifetime: 1m}\n')
  reeve = both.reeve
  environment = { ...process.env, HOME: reeve.folder, XDG_STATE_HOME: '', REEVE_URL: reeve.url }
  const { chromium } = await importPackage('playwright-core/index.mjs')
  browser = await chromium.launch({ executablePath: kChromium, args: ['--no-sandbox', '--disable-gpu'] })
})
after(async () => {
  await browser?.close()
  both?.end()
})

const reeveCommand = (...words) => run(kProgram, words, { env: environment })
const failing = (...words) => reeveCommand(...words).then(() => assert.fail('it succeeded'), (error) => error)

// The command in a terminal of its own; resolves with its output so far once `wanted` is there.
function inTerminal(words) {
  const child = spawn('script', ['-qefc', [kProgram, ...words].join(' '), '/dev/null'], { env: environment })
  let output = ''
  child.stdout.on('data', (piece) => (output += piece))
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve({ code, output })))
  const shows = async (wanted) => {
    for (let i = 0; i < 600; i++) {
      const found = wanted.exec(output)
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    child.kill()
    throw new Error(`the terminal does not show ${wanted}:\n${output}`)
  }
  return { shows, ended }
}

// A page of ours that loads anything, runs anything or breaks its own policy shows it here.
async function openPage(context) {
  const page = await context.newPage()
  page.complaints = []
  page.on('console', (message) => page.url().startsWith(reeve.url) && page.complaints.push(message.text()))
  page.on('pageerror', (error) => page.complaints.push(String(error)))
  page.on('request', (request) => {
    const ours = page.url().startsWith(reeve.url) && !request.isNavigationRequest()
    if (ours && !request.url().endsWith('/favicon.ico')) page.complaints.push(`asks for ${request.url()}`)
  })
  return page
}

test('a person signs a terminal in with a browser, and calls are made in their name', async () => {
  const terminal = inTerminal(['login', '--no-browser'])
  const [address] = await terminal.shows(/http:\S+\/sign-in\?code=[A-Z]{4}-[A-Z]{4}/)
  const [code] = /[A-Z]{4}-[A-Z]{4}/.exec(address)
  const context = await browser.newContext({ colorScheme: 'dark' })
  const page = await openPage(context)
  await page.goto(address)
  assert.equal(await page.getByLabel('Code from your device').inputValue(), code)
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(21, 23, 26)')
  await page.keyboard.press('Enter')
  await page.getByLabel('Account').fill('dev@example.com')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'Sign this device in?' }).waitFor()
  assert.match(await page.textContent('main'), /dev@example\.com.*reeve on /s)
  const [cookie] = (await context.cookies(reeve.url)).filter(({ name }) => name === 'reeve-browser')
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Lax'])
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('status').waitFor()
  assert.match(await page.getByRole('status').textContent(), /signed in as dev@example\.com/)
  assert.deepEqual(page.complaints, [])
  await context.close()

  const { code: exitCode, output } = await terminal.ended
  assert.equal(exitCode, 0, output)
  assert.match(output, /dev@example\.com/)
  const { stdout } = await reeveCommand('token')
  const token = stdout.trim()
  const answer = await call(reeve, token)
  assert.equal(answer.status, 200, answer.text)
  const claims = claimsOf(token)
  assert.deepEqual(claims.groups, ['developers', 'engineering', 'payments', 'payments-backend'])
  const intents = await entriesOf(reeve, 'model.intent')
  assert.equal(intents.at(-1).principal.id, 'dev@example.com')
  const [entry] = await entriesOf(reeve, 'identity.signed_in')
  assert.equal(entry.detail.person, 'dev@example.com')
  assert.equal(entry.detail.sign_in, claims.sid)
})

test('what is kept is for its owner only, and sealed', () => {
  const folder = path.join(reeve.folder, '.local/state/reeve')
  assert.equal(fs.statSync(folder).mode & 0o777, 0o700)
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name)
    assert.equal(fs.statSync(file).mode & 0o777, 0o600, name)
    assert.ok(!fs.readFileSync(file).includes('access_token'), name)
  }
  assert.equal(fs.statSync(path.join(reeve.folder, 'data/tokens.key')).mode & 0o777, 0o600)
})

test('many helpers at once renew a token once, and the sign-in goes on', async () => {
  // With a lifetime of a minute every token is about to expire, so each helper renews.
  const first = (await reeveCommand('token')).stdout
  const tokens = await Promise.all(Array.from({ length: 6 }, () => reeveCommand('token')))
  for (const { stdout } of tokens) assert.equal((await call(reeve, stdout.trim())).status, 200)
  assert.equal((await call(reeve, first.trim())).status, 200)
  const { stdout } = await reeveCommand('whoami', '--json')
  assert.equal(JSON.parse(stdout).person, 'dev@example.com')
})

test('signing out ends every token of the sign-in at once', async () => {
  const token = (await reeveCommand('token')).stdout.trim()
  await reeveCommand('logout')
  const refused = await call(reeve, token)
  assert.equal(refused.status, 401, refused.text)
  assert.match(refused.text, /has ended.*reeve login/)
  assert.equal((await failing('token')).code, 1)
  assert.match((await failing('whoami')).stderr, /nobody is signed in/)
  const [entry] = await entriesOf(reeve, 'identity.sign_in_ended')
  assert.equal(entry.detail.reason, 'signed out')
})

test('a program on this machine gets a code over its loopback address', async () => {
  const { chromiumSignIn } = await import('./loopback_sign_in.mjs')
  const context = await browser.newContext({ colorScheme: 'light' })
  const page = await openPage(context)
  const tokens = await chromiumSignIn(reeve, page)
  assert.equal((await call(reeve, tokens.access_token)).status, 200)
  assert.deepEqual(page.complaints, [])
  await context.close()
})

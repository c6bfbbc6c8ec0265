// Claude Code signs in through Reeve as its owner does: in a terminal, with a code that a real browser confirms at a
// real identity provider. Then a call, the organisation's settings, and the way out. See README.md.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { importPackage } from '../sign-in/provider.mjs'
import { claimsOf, entriesOf, post, startBoth } from '../sign-in/signing_in.mjs'
import { Workplace } from './client_process.mjs'
import { Terminal } from './terminal.mjs'

const kClaude = fileURLToPath(new URL('node_modules/@anthropic-ai/claude-code-linux-x64/claude', import.meta.url))
const kChromium = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => fs.existsSync(file))
const kSettings = `kind: ClientSettings
name: baseline
client: claude-code
settings:
  companyAnnouncements: ["Governed by Example Corp."]
  permissions: {deny: [WebFetch]}
`
const kHouse = {
  governance: { 'settings.yaml': kSettings },
  providers: `providers: [{name: practice, dialect: practice}]
models: [{name: "claude-*", provider: practice}, {name: "practice-*", provider: practice}]
`,
}
// What a newcomer is asked before the code and after it, and what goes on.
const kBefore = [
  [/Choose the text style/, 'Enter'],
  [/Enter to connect/, 'Enter'],
  [/Yes, trust this gateway/, 'Up', 'Enter'],
]
const kAfter = [
  [/Connected to Cloud gateway/, 'Enter'],
  [/Security notes/, 'Enter'],
  [/No, exit/, 'Down', 'Enter'],
]

let both, reeve, browser, workplace, terminal

before(async () => {
  both = await startBoth('  tokens: {lifetime: 10m}\n', kHouse)
  reeve = both.reeve
  const { chromium } = await importPackage('playwright-core/index.mjs')
  browser = await chromium.launch({ executablePath: kChromium, args: ['--no-sandbox', '--disable-gpu'] })
  workplace = new Workplace()
  const folder = path.join(workplace.home, '.claude')
  fs.mkdirSync(folder)
  const settings = { forceLoginMethod: 'gateway', forceLoginGatewayUrl: reeve.url }
  fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(settings))
  terminal = new Terminal()
})
after(async () => {
  terminal?.end()
  await browser?.close()
  both?.end()
  if (process.env.KEEP) console.log(`kept ${workplace?.home}`)
  else workplace?.remove()
})

const startClaude = () =>
  terminal.start({
    command: kClaude,
    cwd: workplace.project,
    env: {
      PATH: process.env.PATH,
      HOME: workplace.home,
      TMPDIR: path.join(workplace.home, 'scratch'),
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      BROWSER: '/bin/true',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  })

// In the browser, with what the terminal shows.
async function agree(address, code) {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(address)
  await page.getByLabel('Code from your device').fill(code)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Account').fill('dev@example.com')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'Sign this device in?' }).waitFor()
  assert.match(await page.textContent('main'), /Claude Code/)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('status').waitFor()
  await context.close()
}

// What Claude Code keeps.
function kept() {
  const file = path.join(workplace.home, '.claude/.credentials.json')
  return JSON.parse(fs.readFileSync(file, 'utf8')).enterpriseGateway
}

test('a person signs in from the terminal', async () => {
  startClaude()
  const [, code] = await terminal.shows(/Code: +([A-Z]{4}-[A-Z]{4})/, { answers: kBefore })
  const [address] = await terminal.shows(/http:\/\/127\.0\.0\.1:\d+\/sign-in/)
  await agree(address, code)
  await terminal.shows(/Signed in to Cloud gateway as dev@example\.com/)
  terminal.press('Up', 'Enter')
  await terminal.shows(/· Cloud gateway/, { answers: kAfter })
  const claims = claimsOf(kept().jwt)
  assert.deepEqual([claims.sub, claims.client_id], ['dev@example.com', 'claude-code'])
  const [entry] = await entriesOf(reeve, 'identity.signed_in')
  assert.match(entry.detail.device, /^claude-code\/2\.1\.329/)
})

test('a call is answered, in the name of the person', async () => {
  terminal.type('Say hello.')
  terminal.press('Enter')
  await terminal.shows(/Simulated/i)
  const outcomes = (await entriesOf(reeve, 'model.outcome')).filter(({ outcome }) => outcome.status === 'ok')
  assert.equal(outcomes.at(-1).principal.id, 'dev@example.com')
  assert.equal(outcomes.at(-1).client, 'claude-code')
})

test('the organisation’s settings are in force', async () => {
  terminal.type('/status')
  terminal.press('Enter')
  await terminal.shows(/Gateway account: +dev@example\.com/)
  await terminal.shows(/Setting sources:.*Enterprise managed settings \(remote\)/)
  terminal.press('Escape')
  await terminal.hides(/Esc to close/)
})

test('after a revocation it says to sign in again', async () => {
  const revoked = await post(`${reeve.url}/oauth/revoke`, { token: kept().jwt })
  assert.equal(revoked.status, 200)
  terminal.type('Say it again.')
  terminal.press('Enter')
  await terminal.shows(/Please run \/login|This sign-in has ended/)
  assert.match(terminal.screen(), /\/login/)
  const [entry] = await entriesOf(reeve, 'identity.sign_in_ended')
  assert.equal(entry.detail.person, 'dev@example.com')
})

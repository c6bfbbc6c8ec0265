// Claude Code in a terminal, which signs in to Reeve: what the tests of it share.

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { importPackage } from '../sign-in/provider.mjs'
import { Workplace } from './client_process.mjs'
import { Terminal } from './terminal.mjs'

const kClaude = fileURLToPath(new URL('node_modules/@anthropic-ai/claude-code-linux-x64/claude', import.meta.url))
const kChromium = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => fs.existsSync(file))
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

export class ClaudeInTerminal {
  // `reeve`: with its `url`.
  async open(reeve) {
    this.reeve = reeve
    const { chromium } = await importPackage('playwright-core/index.mjs')
    this.browser = await chromium.launch({ executablePath: kChromium, args: ['--no-sandbox', '--disable-gpu'] })
    this.workplace = new Workplace()
    const folder = path.join(this.workplace.home, '.claude')
    fs.mkdirSync(folder)
    const settings = { forceLoginMethod: 'gateway', forceLoginGatewayUrl: reeve.url }
    fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(settings))
    this.terminal = new Terminal()
    return this
  }

  start() {
    this.terminal.start({
      command: kClaude,
      cwd: this.workplace.project,
      env: {
        PATH: process.env.PATH,
        HOME: this.workplace.home,
        TMPDIR: path.join(this.workplace.home, 'scratch'),
        LANG: 'C.UTF-8',
        TERM: 'xterm-256color',
        BROWSER: '/bin/true',
        DISABLE_AUTOUPDATER: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    })
  }

  // What the terminal asks somebody to type into a browser, and where.
  async code() {
    const [, code] = await this.terminal.shows(/Code: +([A-Z]{4}-[A-Z]{4})/, { answers: kBefore })
    const [address] = await this.terminal.shows(/http:\/\/127\.0\.0\.1:\d+\/sign-in/)
    return { address, code }
  }

  // In the browser, as far as the page that follows the company's own.
  async enter({ address, code }) {
    const context = await this.browser.newContext()
    const page = await context.newPage()
    await page.goto(address)
    await page.getByLabel('Code from your device').fill(code)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByLabel('Account').fill('dev@example.com')
    await page.getByRole('button', { name: 'Log in' }).click()
    return page
  }

  async agree(asked) {
    const page = await this.enter(asked)
    await page.getByRole('heading', { name: 'Sign this device in?' }).waitFor()
    assert.match(await page.textContent('main'), /Claude Code/)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('status').waitFor()
    await page.context().close()
  }

  async signIn() {
    this.start()
    await this.agree(await this.code())
    await this.terminal.shows(/Signed in to Cloud gateway as dev@example\.com/)
    this.terminal.press('Up', 'Enter')
    await this.terminal.shows(/· Cloud gateway/, { answers: kAfter })
  }

  ask(text) {
    this.terminal.type(text)
    this.terminal.press('Enter')
  }

  // What Claude Code keeps.
  kept() {
    const file = path.join(this.workplace.home, '.claude/.credentials.json')
    return JSON.parse(fs.readFileSync(file, 'utf8')).enterpriseGateway
  }

  async end() {
    this.terminal?.end()
    await this.browser?.close()
    if (process.env.KEEP) console.log(`kept ${this.workplace?.home}`)
    else this.workplace?.remove()
  }
}

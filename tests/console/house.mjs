// A company with people in every role, on SQLite or on PostgreSQL: what the flows are played in. STORAGE is sqlite or
// postgres.

import { openPage, signInAt, startBrowser, startConsole } from './console_reeve.mjs'

export const kStorage = process.env.STORAGE ?? 'sqlite'
export const kPeople = {
  dev: 'dev@example.com',
  lead: 'lead@example.com', // asks and approves, but never the same thing
  boss: 'boss@example.com',
  auditor: 'auditor@example.com',
  commander: 'commander@example.com',
  admin: 'admin@example.com',
}
const kBindings = {
  developer: `${kPeople.dev}, ${kPeople.lead}`,
  approver: `${kPeople.lead}, ${kPeople.boss}`,
  auditor: kPeople.auditor,
  'incident-commander': kPeople.commander,
  administrator: kPeople.admin,
}

export const askModel = (reeve, secret, { model = 'practice-small', session, text = 'Say hello.' } = {}) =>
  fetch(`${reeve.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      ...(session ? { 'x-reeve-session': session, 'x-reeve-work-item': 'PAY-1' } : {}),
    },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: text }] }),
  }).then(async (response) => ({ status: response.status, text: await response.text() }))

// What comes of a question that is put again until it holds: for what happens a moment later in another thread.
export async function until(what, ask, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; ;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

export class House {
  #contexts = []

  async start({ files = {}, bindings = {}, screen = { width: 1360, height: 900 } } = {}) {
    this.screen = screen
    const storage = { postgres: kStorage === 'postgres' }
    const all = { company: true, bindings: { ...kBindings, ...bindings }, files, ...storage }
    ;[this.browser, this.both] = await Promise.all([startBrowser(), startConsole(all)])
    this.reeve = this.both.reeve
    return this
  }

  // A browser of that person's own, signed in at the company, at that page of the console.
  async pageOf(person, address = '', options = {}) {
    const context = await this.browser.newContext({ colorScheme: 'light', viewport: this.screen, ...options })
    this.#contexts.push(context)
    const page = await openPage(context, this.reeve)
    await page.goto(`${this.reeve.url}/console/${address}`)
    await signInAt(page, kPeople[person] ?? person)
    await page.getByRole('heading', { level: 1 }).waitFor()
    return page
  }

  // Who came to the door was answered with 401 once, which browsers tell.
  complaintsOf(...pages) {
    return pages.flatMap(({ complaints }) => complaints).filter((text) => !/\b401\b/.test(text))
  }

  async closePages() {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()))
  }

  async end() {
    await this.browser?.close()
    await this.both?.end()
  }
}

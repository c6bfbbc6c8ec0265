// The control API, and the console's overview, over a long ledger: how long each list takes, and how much CPU a request
// costs the server. Asked through HTTP, as the console does, by a key that may read everything.
//
//   node bench/api.mjs --data FOLDER            a data folder of `reeve demo-data` that lies there
//   node bench/api.mjs --make "--days 180 --people 850"   makes one in a folder of its own, and removes it
//     --rounds 20        questions of each route
//     --only TEXT        routes whose path has the text
//     --json             one object of figures
//     --no-browser       without the overview in Chromium
//
// REEVE_PROGRAM names another build of the program; SIGN_IN_MODULES the folder with playwright-core. Figures of a busy
// machine say little but for CPU: its load is printed beside.

import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort, kProgram, kRoot } from '../tests/upstream/reeve_process.mjs'

const run = promisify(execFile)
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const kBarMs = 200
const kTicksPerSecond = 100

function readOptions(words) {
  const options = { rounds: 20, only: '' }
  for (let i = 0; i < words.length; i++) {
    const name = words[i].replace(/^--/, '')
    if (['json', 'no-browser'].includes(name)) options[name] = true
    else if (['data', 'make', 'rounds', 'only'].includes(name)) options[name] = words[++i]
    else throw new Error(`${words[i]} is no option of this`)
  }
  if (!options.data && !options.make) throw new Error('--data FOLDER, or --make "--days 180 --people 850"')
  return { ...options, rounds: Number(options.rounds) }
}

const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))]
const round = (value) => Math.round(value * 10) / 10

// Seconds that the process has computed so far, all its threads together.
function cpuSeconds(pid) {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / kTicksPerSecond
}

class Server {
  async start(data) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-bench-'))
    this.port = await freePort()
    this.url = `http://127.0.0.1:${this.port}`
    this.config = path.join(this.folder, 'reeve.yaml')
    // The rules by which the history was made.
    await run(kProgram, ['init', this.folder])
    const limits = ['per_second', 'burst'].map((name) => `api_${name}: 1000000`).join(', ')
    fs.writeFileSync(
      this.config,
      `listen: 127.0.0.1:${this.port}\ndata_dir: ${path.resolve(data)}\ngovernance_dir: ./governance\n` +
        `limits: {${limits}}\nproviders: [{name: practice, dialect: practice}]\n` +
        'models: [{name: "practice-*", provider: practice}]\n',
    )
    const words = ['--owner', 'bench', '--type', 'service', '--scope', 'control:read', '--ttl', '1d']
    this.secret = (await this.json('key', 'create', ...words)).secret
    const log = fs.openSync(path.join(this.folder, 'log'), 'w')
    this.process = spawn(kProgram, ['serve', '--config', this.config], { stdio: ['ignore', log, log] })
    await this.until('/readyz')
    // The index is made where there is none: minutes.
    const began = performance.now()
    await this.until('/api/v1/sessions?limit=1')
    return (performance.now() - began) / 1000
  }
  async json(...words) {
    const { stdout } = await run(kProgram, [...words, '--json', '--config', this.config], { maxBuffer: 1 << 28 })
    return JSON.parse(stdout)
  }
  async until(way) {
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(fs.readFileSync(path.join(this.folder, 'log'), 'utf8'))
      const { status } = await this.ask(way).catch(() => ({ status: 0 }))
      if (status === 200) return
      await sleep(200)
    }
  }
  async ask(way) {
    const began = performance.now()
    const response = await fetch(this.url + way, { headers: { authorization: `Bearer ${this.secret}` } })
    const text = await response.text()
    return { status: response.status, ms: performance.now() - began, text, json: () => JSON.parse(text) }
  }
  async end() {
    if (!this.process) return
    const gone = new Promise((resolve) => this.process.once('exit', resolve))
    if (this.process.exitCode === null) this.process.kill('SIGTERM')
    await gone
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

// ---- What is asked ----

// Values of parameters, varied from request to request as different people would: answers that were just given to the
// same question are not what is measured.
function valuesOf(seen, since) {
  const one = (list, i) => list[i % list.length]
  const when = (i) => one(since, i)
  const by = ['day', 'person,model', 'day,model', 'team', 'model', 'repo', 'team,day', 'client,model']
  return {
    since: when,
    until: (i) => (i % 3 === 2 ? '1d' : undefined),
    limit: (i) => one(['50', '200', undefined], i),
    person: (i) => (i % 4 === 1 ? one(seen.people, i) : undefined),
    team: (i) => (i % 4 === 2 ? one(seen.teams, i) : undefined),
    model: (i) => (i % 5 === 3 ? one(seen.models, i) : undefined),
    client: (i) => (i % 5 === 4 ? 'claude-code' : undefined),
    outcome: (i) => one([undefined, 'refused', 'changed', 'failed', 'allowed'], i),
    search: (i) => one([undefined, 'an', 'or'], i),
    order: (i) => one([undefined, 'oldest'], i),
    by: (i) => one(by, i),
    filter: (i) => one([undefined, 'decision.enforced == "deny"', 'kind == "exception.granted"'], i),
  }
}
// What a route takes that others of that name do not.
const kOwnValues = {
  '/api/v1/content/findings': { by: ['team', 'model', 'provider', 'client', 'repo', 'person'] },
  '/api/v1/spend/changes': { by: [undefined, 'team', 'model', 'person'], month: [undefined] },
}

async function namesOf(server) {
  const rows = async (way, list) => (await server.ask(way)).json()[list] ?? []
  const decisions = await rows('/api/v1/decisions?limit=200', 'decisions')
  const some = (values) => [...new Set(values.filter(Boolean))]
  const names = {
    '/api/v1/sessions/{session}': (await rows('/api/v1/sessions?limit=200&since=30d', 'sessions')).map(
      (row) => row.session,
    ),
    '/api/v1/decisions/{seq}': decisions.map((row) => row.decision),
    '/api/v1/ledger/entries/{seq}': decisions.map((row) => row.seq),
    '/api/v1/people/{name}': some(decisions.map((row) => row.person)),
    '/api/v1/policy/rules/{name}': (await rows('/api/v1/policy/rules', 'rules')).map((row) => row.rule),
    '/api/v1/budgets/{name}': (await rows('/api/v1/budgets', 'budgets')).map((row) => row.name),
    '/api/v1/exceptions/{id}': (await rows('/api/v1/exceptions', 'exceptions')).map((row) => row.id),
    '/api/v1/agents/{id}': (await rows('/api/v1/agents', 'agents')).map((row) => row.id),
    '/api/v1/kill-switch/{id}': (await rows('/api/v1/kill-switch?state=all', 'cutoffs')).map((row) => row.id),
  }
  const seen = {
    people: some(decisions.map((row) => row.person)),
    teams: some(decisions.map((row) => row.team)),
    models: some(decisions.map((row) => row.model_served)),
  }
  return { names, seen }
}

function questionsOf(template, operation, { names, seen }, rounds) {
  const known = names[template]
  if (template.includes('{') && !known?.length) return []
  const values = valuesOf(seen, ['30d', '7d', '29d', '24h', '14d', '28d'])
  const own = kOwnValues[template] ?? {}
  return Array.from({ length: rounds }, (_, i) => {
    const query = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'query')
      .map(({ name }) => [name, own[name] ? own[name][i % own[name].length] : values[name]?.(i)])
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    const where = template.replace(/\{[^}]*\}/, () => encodeURIComponent(known[(i * 7) % known.length]))
    return query.length > 0 ? `${where}?${query.join('&')}` : where
  })
}

// `tell` is given each figure as it is known.
async function measureRoutes(server, options, tell) {
  const { paths } = (await server.ask('/api/v1/openapi.json')).json()
  const sources = await namesOf(server)
  const figures = []
  for (const [template, { get: operation }] of Object.entries(paths)) {
    if (!operation || !template.includes(options.only)) continue
    // One that never ends is no list.
    if (operation.responses[200]?.content['text/event-stream']) continue
    const questions = questionsOf(template, operation, sources, options.rounds)
    if (questions.length === 0) continue
    const cpu = cpuSeconds(server.process.pid)
    const times = []
    const slow = []
    let bytes = 0
    for (const question of questions) {
      const answer = await server.ask(question)
      if (answer.status !== 200) throw new Error(`${question}: ${answer.status} ${answer.text}`)
      times.push(answer.ms)
      bytes = Math.max(bytes, answer.text.length)
      if (answer.ms > kBarMs) slow.push(`${Math.round(answer.ms)} ms ${question}`)
    }
    const cpuMs = ((cpuSeconds(server.process.pid) - cpu) * 1000) / questions.length
    const figure = { route: template, p50: quantile(times, 0.5), p95: quantile(times, 0.95), cpuMs, bytes, slow }
    figures.push(figure)
    tell(figure)
  }
  return figures
}

// ---- The overview in a browser ----

async function measureOverview(server, rounds) {
  const modules = process.env.SIGN_IN_MODULES ?? path.join(kRoot, 'build/tests/sign-in/packages')
  const file = path.join(modules, 'node_modules/playwright-core/index.mjs')
  const { chromium } = await import(fs.existsSync(file) ? file : path.join(modules, 'playwright-core/index.mjs'))
  const browser = await chromium.launch({
    executablePath: ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((one) => fs.existsSync(one)),
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const { link } = await server.json('console', '--address', server.url, '--by', 'grace@demonstration.example')
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(link)
  await page.getByRole('button', { name: 'Open the console' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const times = []
  for (let i = 0; i <= rounds; i++) {
    await page.goto(`${server.url}/console/`, { waitUntil: 'commit' })
    const ms = await page.evaluate(
      () =>
        new Promise((resolve) => {
          // The four questions and the figures above them: each a card, and nothing that is still being asked.
          const look = () => {
            const cards = document.querySelectorAll('main section h2, main article h2, main h2')
            const waits = document.querySelector('main [role=status], main [aria-busy=true]')
            if (cards.length >= 5 && !waits) requestAnimationFrame(() => resolve(performance.now()))
            else requestAnimationFrame(look)
          }
          look()
        }),
    )
    // The first is with an empty cache of the program's files, and of whatever the server opens first.
    if (i > 0) times.push(ms)
  }
  await browser.close()
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95) }
}

// ---- Together ----

const options = readOptions(process.argv.slice(2))
const made = options.make ? fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-bench-data-')) : undefined
const data = made ? path.join(made, 'data') : options.data
const say = options.json ? () => {} : (line) => console.log(line)
const server = new Server()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void server.end().then(() => process.exit(3)))

function tellRoute({ route, p50, p95, cpuMs, bytes, slow }) {
  const cells = [p50, p95, cpuMs, bytes / 1024].map((value) => value.toFixed(1).padStart(9)).join('')
  say(`${route.padEnd(40)} ${cells}${p95 > kBarMs ? '  above the bar' : ''}`)
  for (const line of slow) say(`    ${line}`)
}

function figuresOf(entries, ready, routes, overview) {
  const figures = { entries, ready_s: round(ready), load: round(os.loadavg()[0]) }
  for (const { route, p50, p95, cpuMs } of routes) {
    const name = route.replace('/api/v1/', '').replaceAll(/[^a-z0-9]+/g, '_')
    Object.assign(figures, { [`${name}_p50_ms`]: round(p50), [`${name}_p95_ms`]: round(p95) })
    figures[`${name}_cpu_ms`] = round(cpuMs)
  }
  if (overview) Object.assign(figures, { overview_p50_ms: round(overview.p50), overview_p95_ms: round(overview.p95) })
  return figures
}

try {
  if (made) await run(kProgram, ['demo-data', '--data', data, '--yes', '--json', ...options.make.split(' ')])
  const ready = await server.start(data)
  const entries = (await server.ask('/api/v1/server')).json().checkpoint?.entries
  say(`${entries} entries, the index there after ${round(ready)} s, load ${round(os.loadavg()[0])}`)
  say(`${'route'.padEnd(40)} ${['p50 ms', 'p95 ms', 'CPU ms', 'KB'].map((head) => head.padStart(9)).join('')}`)
  const routes = await measureRoutes(server, options, tellRoute)
  const overview = options['no-browser'] ? undefined : await measureOverview(server, options.rounds)
  if (overview) say(`overview, all answers shown: p50 ${round(overview.p50)} ms, p95 ${round(overview.p95)} ms`)
  if (options.json) console.log(JSON.stringify(figuresOf(entries, ready, routes, overview)))
} finally {
  await server.end()
  if (made) fs.rmSync(made, { recursive: true, force: true })
}

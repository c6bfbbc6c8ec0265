// The real program under a test's control: started, killed, restarted on the same data, asked over HTTP and by its own
// commands. Everything is stopped by process id, also when the test fails.

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

// Set by CTest when the program carries a sanitizer: it is slower then, and its memory says nothing.
export const kSanitized = Boolean(process.env.REEVE_SANITIZE)

// Waits until `condition` (may be async) gives something truthy and returns that; undefined after `seconds`.
export async function eventually(condition, seconds = 20, every = 50) {
  const until = Date.now() + seconds * 1000
  for (;;) {
    // A machine that stood still meanwhile gets one more look.
    const last = Date.now() > until
    const value = await condition()
    if (value) return value
    if (last) return undefined
    await sleep(every)
  }
}

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

// Ends the children also when the test runner is told to stop.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

export class Server extends Reeve {
  get dataDirectory() {
    return path.join(this.folder, 'data')
  }

  get ledgerDirectory() {
    return path.join(this.dataDirectory, 'ledger')
  }

  get #files() {
    return ['--config', path.join(this.folder, 'reeve.yaml'), '--data', this.dataDirectory]
  }

  // The text of reeve.yaml, without what the tests set themselves.
  configure(text) {
    fs.writeFileSync(path.join(this.folder, 'reeve.yaml'), `governance_dir: ./governance\n${text}`)
  }

  writeRules(name, text) {
    fs.writeFileSync(path.join(this.folder, 'governance', name), text)
  }

  async start() {
    try {
      await super.start()
    } finally {
      if (this.process) {
        const child = this.process
        running.add(child)
        child.once('exit', () => running.delete(child))
      }
    }
    return this
  }

  get alive() {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null
  }

  // The lines of a log in JSON; others, as a crash leaves them, are left out.
  logged() {
    const lines = this.log().split('\n')
    return lines.filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line))
  }

  // Drains and stops: the exit code, or the name of the signal that it took.
  async stop() {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 45_000)
    this.process.kill('SIGTERM')
    const code = await this.exited
    clearTimeout(timer)
    return code
  }

  async kill() {
    this.process.kill('SIGKILL')
    return this.exited
  }

  // Starts and kills so early that recovery may still be under way.
  async startAndKillAfter(milliseconds) {
    const child = this.spawnServe()
    const exited = new Promise((resolve) => child.once('exit', resolve))
    await sleep(milliseconds)
    child.kill('SIGKILL')
    await exited
  }

  spawnServe(port = 0) {
    const log = fs.openSync(this.logFile, 'a')
    const args = ['serve', ...this.#files, '--listen', `127.0.0.1:${port}`]
    const child = spawn(kProgram, args, { stdio: ['ignore', log, log], env: { ...process.env, ...this.environment } })
    fs.closeSync(log)
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  // Runs a command of the program to its end: {code, stdout, stderr}. A command that hangs fails the test.
  run(...args) {
    const child = spawn(kProgram, [...args, ...this.#files], { env: { ...process.env, ...this.environment } })
    running.add(child)
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => (output[name] += text))
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        running.delete(child)
        resolve({ code: code ?? signal, ...output })
      })
    })
  }

  async createKey(owner, ...options) {
    const made = await this.run('key', 'create', '--owner', owner, '--json', ...options)
    if (made.code !== 0) throw new Error(`key create ended with ${made.code}: ${made.stdout}${made.stderr}`)
    return JSON.parse(made.stdout)
  }

  // {ok, entries, signed_size, problems, ...}, as `reeve ledger verify --json` prints it, and the exit code.
  async verify() {
    const { code, stdout, stderr } = await this.run('ledger', 'verify', '--json')
    try {
      return { code, ...JSON.parse(stdout) }
    } catch {
      throw new Error(`ledger verify ended with ${code}: ${stdout}${stderr}`)
    }
  }

  async get(target) {
    const response = await fetch(`http://127.0.0.1:${this.port}${target}`, { signal: AbortSignal.timeout(20_000) })
    return { status: response.status, text: await response.text() }
  }

  async ready() {
    return (await this.get('/readyz').catch(() => ({ status: 0 }))).status
  }

  // Resident memory in MiB.
  residentMemory() {
    const status = fs.readFileSync(`/proc/${this.process.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024
  }

  openFiles() {
    return fs.readdirSync(`/proc/${this.process.pid}/fd`).length
  }

  // Everything that is on disk about calls, and everything that was logged: where nothing secret may be found.
  *traces() {
    yield { name: 'log', bytes: fs.readFileSync(this.logFile) }
    for (const entry of fs.readdirSync(this.dataDirectory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath ?? entry.path, entry.name)
      let bytes
      try {
        bytes = fs.readFileSync(file)
      } catch (error) {
        if (error.code === 'ENOENT') continue // replaced while we looked: what came of it is there under another name
        throw error
      }
      yield { name: path.relative(this.folder, file), bytes }
    }
  }
}

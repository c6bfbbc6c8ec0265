// Starts the real program, build/reeve, for a test: its own data directory, a free port on loopback, stopped by its
// process id.

import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export const kRoot = fileURLToPath(new URL('../..', import.meta.url))

// REEVE_PROGRAM names another build of the program.
export const kProgram = process.env.REEVE_PROGRAM ?? path.join(kRoot, 'build/reeve')

// A port that nobody listens on. Below the range from which the kernel takes the near end of outgoing connections: one
// of those can go to another test between here and the program's own bind.
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const server = net.createServer()
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
}

// The detectors that ship, as files of a governance folder: {file name: text}.
export function detectorFiles() {
  const folder = path.join(kRoot, 'governance/detectors')
  const names = fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.yaml'))
  const text = (name) => fs.readFileSync(path.join(folder, name), 'utf8')
  return Object.fromEntries(names.map((name) => [`detectors-${name.replaceAll('/', '-')}`, text(name)]))
}

export class Reeve {
  // `config`: the text of reeve.yaml without listen, data_dir and governance_dir; `governance`: {file name: text};
  // `isReady`: where plain HTTP does not tell.
  constructor({ config, governance = {}, environment = {}, isReady }) {
    this.isReady = isReady ?? (async () => (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok)
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-test-'))
    fs.mkdirSync(path.join(this.folder, 'governance'))
    for (const [name, text] of Object.entries(governance)) {
      fs.writeFileSync(path.join(this.folder, 'governance', name), text)
    }
    fs.writeFileSync(path.join(this.folder, 'reeve.yaml'), `governance_dir: ./governance\n${config}`)
    this.environment = environment
  }

  get #files() {
    return ['--config', path.join(this.folder, 'reeve.yaml'), '--data', path.join(this.folder, 'data')]
  }

  get logFile() {
    return path.join(this.folder, 'reeve.log')
  }

  async start() {
    if (!fs.existsSync(kProgram)) throw new Error(`${kProgram} is not there; build it first`)
    this.port = await freePort()
    const log = fs.openSync(this.logFile, 'a')
    const args = ['serve', ...this.#files, '--listen', `127.0.0.1:${this.port}`]
    const env = { ...process.env, ...this.environment }
    this.process = spawn(kProgram, args, { stdio: ['ignore', log, log], env })
    this.exited = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve(code ?? signal)))
    this.process.once('error', (error) => fs.appendFileSync(this.logFile, `${error.message}\n`))
    // Detectors take seconds to compile, more on a busy machine.
    for (let i = 0; i < 1200; i++) {
      if (this.process.exitCode !== null || this.process.pid === undefined) break
      if (await this.isReady().catch(() => false)) return
      await sleep(50)
    }
    this.process.kill('SIGKILL')
    throw new Error(`${kProgram} did not become ready:\n${this.log().slice(-2000)}`)
  }

  log() {
    return fs.readFileSync(this.logFile, 'utf8')
  }

  // Drains and stops; resolves with the exit code, or the signal's name.
  async stop() {
    this.process.kill('SIGTERM')
    // A timer that is left over must not keep the test itself from ending.
    const late = new Promise((resolve) => setTimeout(resolve, 15_000, 'did not stop within 15 s').unref())
    const code = await Promise.race([this.exited, late])
    if (typeof code === 'string') this.process.kill('SIGKILL')
    return code
  }

  // At once, whatever it does: for when the test itself is ended.
  end() {
    this.process?.kill('SIGKILL')
    this.remove()
  }

  async command(...args) {
    const options = { env: { ...process.env, ...this.environment }, maxBuffer: 1 << 30 }
    const { stdout } = await run(kProgram, [...args, ...this.#files], options)
    return stdout
  }

  async createKey(owner, ...options) {
    return JSON.parse(await this.command('key', 'create', '--owner', owner, '--json', ...options))
  }

  // Every entry of the ledger, in order.
  async entries() {
    const text = await this.command('ledger', 'query', 'true', '--json', '--limit', '1000000000')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

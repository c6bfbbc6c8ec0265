// A real PostgreSQL for a test in JavaScript, as a child process with a folder of its own: started, crashed and
// restarted at will. From C++: postgres_server.h.

import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../upstream/reeve_process.mjs'

const run = promisify(execFile)
const kScript = fileURLToPath(new URL('./server', import.meta.url))
const kStartSeconds = 60
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export class PostgresServer {
  #process
  #exited

  // Remove it in the end, also when the test fails: remove().
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-postgres-'))
  }

  get logFile() {
    return path.join(this.folder, 'server.log')
  }

  // On the same port each time; resolves when it takes connections.
  async start() {
    this.port ??= await freePort()
    const until = Date.now() + kStartSeconds * 1000
    for (;;) {
      if (!this.#process) this.#spawn()
      const answer = await this.query('SELECT 1').catch(() => null)
      if (answer === '1') return this
      if (Date.now() > until) throw new Error(`PostgreSQL did not start:\n${fs.readFileSync(this.logFile, 'utf8')}`)
      await sleep(50)
    }
  }

  #spawn() {
    const log = fs.openSync(this.logFile, 'a')
    const child = spawn(kScript, [this.folder, String(this.port)], { stdio: ['ignore', log, log] })
    fs.closeSync(log)
    this.#process = child
    // After a crash the first try can find sessions of before that have not noticed yet, and gives up: start() repeats.
    this.#exited = new Promise((resolve) => {
      const gone = () => {
        if (this.#process === child) this.#process = undefined
        resolve()
      }
      child.once('exit', gone)
      child.once('error', gone)
    })
  }

  async #end(signal) {
    this.#process?.kill(signal)
    await this.#exited
  }

  // Ends sessions and writes everything down.
  stop() {
    return this.#end('SIGINT')
  }

  // SIGKILL of the postmaster, as a crash is.
  kill() {
    return this.#end('SIGKILL')
  }

  async remove() {
    await this.stop()
    fs.rmSync(this.folder, { recursive: true, force: true })
  }

  // For reeve.yaml: storage: {postgres: {url: ...}}. `port`: of a proxy, when there is one between.
  url(port = this.port) {
    return `postgresql://reeve:reeve-secret@127.0.0.1:${port}/reeve`
  }

  // What psql prints: rows as lines, columns divided by |, without heads.
  async query(sql) {
    const { stdout } = await run('psql', ['--no-psqlrc', '--tuples-only', '--no-align', '--command', sql, this.url()], {
      env: { ...process.env, PGOPTIONS: '--search_path=reeve', PGCONNECT_TIMEOUT: '5' },
    })
    return stdout.trim()
  }
}

// `reeve ledger witness serve` under a test's control: its own directory, one port for all its lives, stopped and
// killed by process id.

import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { freePort, kProgram } from '../upstream/reeve_process.mjs'

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class WitnessProcess {
  constructor(name) {
    this.name = name
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-witness-'))
    this.data = path.join(this.folder, 'data')
    this.key = execFileSync(kProgram, ['ledger', 'witness', 'key', '--data', this.data, '--name', name], {
      encoding: 'utf8',
    }).trim()
  }

  async begin(...logKeys) {
    this.port = await freePort()
    this.url = `http://127.0.0.1:${this.port}`
    this.logKeys = logKeys
    await this.start()
    return this
  }

  async start() {
    const logs = this.logKeys.flatMap((key) => ['--log', key])
    const log = fs.openSync(this.logFile, 'a')
    const args = ['ledger', 'witness', 'serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, ...logs]
    const child = spawn(kProgram, args, { stdio: ['ignore', log, log] })
    fs.closeSync(log)
    this.process = child
    running.add(child)
    this.exited = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        running.delete(child)
        resolve(code ?? signal)
      }),
    )
    for (let i = 0; i < 600; i++) {
      if (child.exitCode !== null) break
      const answer = await fetch(`${this.url}/healthz`).catch(() => null)
      if (answer?.ok) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    child.kill('SIGKILL')
    throw new Error(`the witness did not start:\n${this.log()}`)
  }

  get logFile() {
    return path.join(this.folder, 'witness.log')
  }

  log() {
    return fs.readFileSync(this.logFile, 'utf8')
  }

  async kill() {
    this.process.kill('SIGKILL')
    return this.exited
  }

  async stop() {
    this.process.kill('SIGTERM')
    return this.exited
  }

  // {status, type, body}; status 0 when nobody answered.
  async add(body) {
    const signal = AbortSignal.timeout(20_000)
    try {
      const answer = await fetch(`${this.url}/add-checkpoint`, { method: 'POST', body, signal })
      return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() }
    } catch {
      return { status: 0 }
    }
  }

  evidence() {
    return fs.readdirSync(path.join(this.data, 'evidence')).map((name) => path.join(this.data, 'evidence', name))
  }

  remove() {
    this.process?.kill('SIGKILL')
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

// What tests of secrets share: a house with a sealing key, commands that read standard input, files that are searched.

import { spawn } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Server } from '../faults/server.mjs'
import { kProgram } from '../upstream/reeve_process.mjs'
import { kAllowEverything, kKeys, UpstreamProcess } from '../upstream/upstream_process.mjs'

export const newKey = () => crypto.randomBytes(32).toString('hex')

// Runs a command of the program with `input` on its standard input: {code, stdout, stderr}.
export function runWith(server, input, ...args) {
  const files = ['--config', path.join(server.folder, 'reeve.yaml'), '--data', server.dataDirectory]
  const child = spawn(kProgram, [...args, ...files], { env: { ...process.env, ...server.environment } })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (output[name] += text))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code: code ?? signal, ...output })))
}

export async function seal(server, place, secret) {
  const { code, stdout, stderr } = await runWith(server, `${secret}\n`, 'secret', 'seal', place)
  if (code !== 0) throw new Error(`secret seal ended with ${code}: ${stderr}`)
  return stdout.trim()
}

// A server whose sealing key lies in a file of its folder, with a vendor behind it; reeve.yaml is written by
// `configure`, from `sealing` and the sealed key of the vendor.
export class House {
  constructor(t, { sealing, environment = {}, more = '', governance = {} } = {}) {
    this.server = new Server({ config: '', governance: { 'rules.yaml': kAllowEverything, ...governance }, environment })
    this.upstream = new UpstreamProcess()
    this.keyFile = path.join(this.server.folder, 'sealing.key')
    fs.writeFileSync(this.keyFile, `${newKey()}\n`, { mode: 0o600 })
    this.sealing = sealing ?? `sealing: {key: {file: ${this.keyFile}}}`
    this.more = more
    t.after(() => {
      this.server.end()
      this.upstream.stop()
    })
  }

  async prepare() {
    await this.upstream.start()
    this.server.configure(`${this.sealing}\n`)
    this.sealedKey = await seal(this.server, 'providers.anthropic.api_key', kKeys.anthropic)
    this.configure(this.sealedKey)
    return this
  }

  configure(apiKey, name = 'anthropic') {
    const at = `http://127.0.0.1:${this.upstream.port}`
    this.server.configure(
      [
        this.sealing,
        'log: {level: debug, format: json}',
        'providers:',
        `  - {name: ${name}, dialect: anthropic, base_url: "${at}", api_key: "${apiKey}"}`,
        'models:',
        `  - {name: "claude-*", provider: ${name}}`,
        this.more,
        '',
      ].join('\n'),
    )
  }

  // Starts the server where it is expected not to start: {code, text}.
  async failToStart() {
    const before = fs.existsSync(this.server.logFile) ? this.server.log().length : 0
    const child = this.server.spawnServe()
    const code = await new Promise((resolve) => child.once('exit', resolve))
    return { code, text: this.server.log().slice(before) }
  }

  keyFileLines() {
    return fs.readFileSync(this.keyFile, 'utf8').split('\n').filter(Boolean)
  }
}

// Every file below a folder as {path: Buffer}.
export function filesBelow(folder, files = {}) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name)
    if (entry.isDirectory()) filesBelow(at, files)
    else if (entry.isFile()) files[at] = fs.readFileSync(at)
  }
  return files
}

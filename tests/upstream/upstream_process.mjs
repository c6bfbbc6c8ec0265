// Runs the stand-in upstream as a program of its own, so that it does not share an event loop with a test's callers. It
// ends with the test, also where that is killed.

import { spawn } from 'node:child_process'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'

export const kKeys = {
  anthropic: 'sk-ant-upstream-key',
  openai: 'sk-proj-upstream-key',
  gemini: 'AIzaUpstreamKey',
}

export class UpstreamProcess {
  // `options`: further arguments of upstream.mjs.
  async start(...options) {
    return this.startWithKeys(kKeys, ...options)
  }

  // `given`: {vendor: key}, as upstream.mjs takes them.
  async startWithKeys(given, ...options) {
    const keys = Object.entries(given)
      .map((pair) => pair.join('='))
      .join(',')
    const program = fileURLToPath(new URL('upstream.mjs', import.meta.url))
    this.process = spawn(process.execPath, [program, '--keys', keys, '--attended', ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = await Promise.race([
      new Promise((resolve) => readline.createInterface(this.process.stdout).once('line', (text) => resolve([text]))),
      new Promise((_, reject) => this.process.once('exit', (code) => reject(new Error(`upstream ended with ${code}`)))),
    ])
    this.port = JSON.parse(line).port
    return this
  }

  async stats() {
    return (await fetch(`http://127.0.0.1:${this.port}/upstream-control/stats`)).json()
  }

  // See script.mjs for what a rule holds.
  async addRule(rule) {
    const response = await fetch(`http://127.0.0.1:${this.port}/upstream-control/script`, {
      method: 'PUT',
      body: JSON.stringify(rule),
    })
    if (!response.ok) throw new Error(`the upstream refuses the rule: ${response.status}`)
  }

  // {key: {status, retry_after}}: what these keys are answered with from now on; all others are taken.
  async answerKeys(answers) {
    const response = await fetch(`http://127.0.0.1:${this.port}/upstream-control/keys`, {
      method: 'PUT',
      body: JSON.stringify(answers),
    })
    if (!response.ok) throw new Error(`the upstream refuses what keys are answered with: ${response.status}`)
  }

  async clearRules() {
    await fetch(`http://127.0.0.1:${this.port}/upstream-control/script`, { method: 'DELETE' })
  }

  stop() {
    this.process?.kill('SIGTERM')
  }

  // The part of reeve.yaml that makes this the provider of every model; `port` may be that of a relay before it.
  reeveConfig(port = this.port) {
    const at = `http://127.0.0.1:${port}`
    return [
      'providers:',
      `  - {name: anthropic, dialect: anthropic, base_url: "${at}", api_key: "${kKeys.anthropic}"}`,
      `  - {name: openai, dialect: [openai-chat, openai-responses], base_url: "${at}/v1", api_key: "${kKeys.openai}"}`,
      `  - {name: gemini, dialect: gemini, base_url: "${at}", api_key: "${kKeys.gemini}"}`,
      'models:',
      '  - {name: "claude-*", provider: anthropic}',
      '  - {name: "gemini-*", provider: gemini}',
      '  - {name: "*", provider: openai}',
      '',
    ].join('\n')
  }
}

export const kAllowEverything = 'kind: Policy\nname: everyone\nowner: tests\non: model.call\neffect: allow\n'

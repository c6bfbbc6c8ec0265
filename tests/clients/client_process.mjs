// Runs one client in a home and a project of its own, with a hard limit on its time.

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const kEscapes = /\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07/g

// What a client printed, as one line of plain text: wrapping, colours and JSON's escapes are the client's own affair.
export const plain = (text) => text.replace(kEscapes, '').replaceAll('\\"', '"').replace(/\s+/g, ' ')

const kWorkplaces = new Set()
const kRunning = new Set() // clients

// At once: every client with everything it started, and their homes unless these are to be kept.
export function endClients(keep) {
  for (const child of kRunning) endGroup(child)
  if (keep) return
  for (const workplace of kWorkplaces) workplace.remove()
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group has ended by itself.
  }
}

export class Workplace {
  constructor() {
    kWorkplaces.add(this)
    this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-client-'))
    this.project = path.join(this.home, 'project')
    fs.mkdirSync(this.project)
    fs.mkdirSync(path.join(this.home, 'scratch'))
    fs.writeFileSync(path.join(this.project, 'README.md'), '# A project\n')
  }

  remove() {
    kWorkplaces.delete(this)
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 3 })
  }
}

// `setUp`: {command, args, env} of agents.mjs. Resolves with {code, output, seconds}; code is 'time limit' when it had
// to be ended, together with everything it had started.
export async function runClient(setUp, workplace, limitSeconds) {
  const env = {
    PATH: process.env.PATH,
    HOME: workplace.home,
    TMPDIR: path.join(workplace.home, 'scratch'),
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    NO_COLOR: '1',
    ...setUp.env,
  }
  const started = performance.now()
  const options = { cwd: workplace.project, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true }
  const child = spawn(setUp.command, setUp.args, options)
  let output = ''
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (output += text))
  kRunning.add(child)
  let late = false
  const timer = setTimeout(() => {
    late = true
    endGroup(child)
  }, limitSeconds * 1000)
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (status, signal) => resolve(status ?? signal))
  })
  clearTimeout(timer)
  endGroup(child)
  kRunning.delete(child)
  return { code: late ? 'time limit' : code, output, seconds: (performance.now() - started) / 1000 }
}

// Commands beside a server, and while none runs.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { kProgram, Reeve } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'

const kConfig = `
providers:
  - {name: practice, dialect: practice}
models:
  - {name: "practice-*", provider: practice}
`
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('keys that change while no server runs', () => {
  const reeve = new Reeve({ config: kConfig, governance: { 'all.yaml': kAllowEverything } })
  const ledger = path.join(reeve.folder, 'data/ledger')
  after(() => {
    reeve.process?.kill('SIGKILL')
    reeve.remove()
  })

  // "made key_1" and "ended key_1" as the ledger has them, in its order.
  const recorded = async () => {
    const entries = (await reeve.entries()).filter(({ kind }) => kind.startsWith('identity.'))
    return entries.map(({ kind, detail }) => `${kind === 'identity.revoked' ? 'ended' : 'made'} ${detail.key_id}`)
  }
  // What the ledger has once nothing more comes: the server looks every second.
  const settled = async (expected) => {
    for (let i = 0; i < 30 && (await recorded()).length < expected; i++) await sleep(100)
    return recorded()
  }
  let first, second, third

  test('are in the ledger after the first start, with the time when it happened', async () => {
    first = await reeve.createKey('first@example.com')
    second = await reeve.createKey('second@example.com')
    await reeve.command('key', 'revoke', first.id)
    const listed = JSON.parse(await reeve.command('key', 'list', '--all', '--json'))
    await sleep(50)
    await reeve.start()
    assert.deepEqual(await settled(3), [`made ${first.id}`, `made ${second.id}`, `ended ${first.id}`])
    const [made, , ended] = (await reeve.entries()).filter(({ kind }) => kind.startsWith('identity.'))
    const known = listed.find(({ id }) => id === first.id)
    assert.deepEqual(made.detail, { at: known.created, key_id: first.id, owner: 'first@example.com' })
    assert.deepEqual(ended.detail, { at: known.revoked, key_id: first.id, owner: 'first@example.com' })
    assert.ok(made.detail.at < made.time)
  })

  test('are recorded once: neither a restart nor a kill repeats them', async () => {
    third = await reeve.createKey('third@example.com')
    const all = [`made ${first.id}`, `made ${second.id}`, `ended ${first.id}`, `made ${third.id}`]
    assert.deepEqual(await settled(4), all)
    await sleep(200)
    reeve.process.kill('SIGKILL')
    await reeve.exited
    await reeve.start()
    await reeve.stop()
    await reeve.start()
    await sleep(1500)
    assert.deepEqual(await recorded(), all)
  })

  test('are recorded again where the ledger is an older copy that lacks them', async () => {
    await reeve.stop()
    const before = await recorded()
    fs.cpSync(ledger, `${ledger}.old`, { recursive: true })
    await reeve.command('key', 'revoke', second.id)
    await reeve.start()
    assert.deepEqual(await settled(5), [...before, `ended ${second.id}`])
    await reeve.stop()
    fs.rmSync(ledger, { recursive: true })
    fs.renameSync(`${ledger}.old`, ledger)
    assert.deepEqual(await recorded(), before)
    await reeve.start()
    assert.deepEqual(await settled(5), [...before, `ended ${second.id}`])
    assert.equal(await reeve.stop(), 0)
    assert.equal(JSON.parse(await reeve.command('ledger', 'verify', '--json')).ok, true)
  })

  test('the hint for the next start is for its owner only', () => {
    assert.equal(fs.statSync(path.join(ledger, 'resume')).mode & 0o777, 0o600)
  })
})

test('a configuration that is named but is not there does not make other rules answer', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-commands-'))
  try {
    fs.mkdirSync(path.join(folder, 'governance'))
    for (const command of ['check', 'test', 'replay']) {
      const options = ['policy', command, '--config', 'gone.yaml', '--json']
      const told = spawnSync(kProgram, options, { cwd: folder, encoding: 'utf8' })
      assert.equal(told.status, 2, command)
      assert.match(JSON.parse(told.stdout).error.message, /gone\.yaml: cannot be read/)
    }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

describe('a decision whose entry was too long to keep all facts', () => {
  const name = (number) => `group-${number}-${'x'.repeat(80)}`
  const rules = `{kind: Policy, name: everyone, on: model.call, not: {groups: [${name(999)}]}, effect: allow}`
  const reeve = new Reeve({ config: kConfig, governance: { 'all.yaml': rules } })
  after(() => {
    reeve.process?.kill('SIGKILL')
    reeve.remove()
  })

  test('is not explained as if it had been made on what is left of them', async () => {
    const groups = Array.from({ length: 1000 }, (_, number) => ['--group', name(number)])
    const { secret } = await reeve.createKey('many@example.com', ...groups.flat())
    await reeve.start()
    const headers = { 'content-type': 'application/json', 'x-api-key': secret, 'anthropic-version': '2023-06-01' }
    const body = JSON.stringify({ model: 'practice-a', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] })
    const answer = await fetch(`http://127.0.0.1:${reeve.port}/v1/messages`, { method: 'POST', headers, body })
    await answer.arrayBuffer()
    const id = answer.headers.get('x-reeve-request-id')
    // A reader beside the server sees an entry once a checkpoint is signed over it.
    const recorded = async () => (await reeve.entries()).some((entry) => entry.request_id === id)
    for (let i = 0; i < 100 && !(await recorded()); i++) await new Promise((resolve) => setTimeout(resolve, 100))
    const told = JSON.parse(await reeve.command('policy', 'explain', id, '--json'))
    assert.equal(told.recorded_effect, 'deny')
    assert.notEqual(told.recorded_input, told.input)
    const text = await reeve.command('policy', 'explain', id)
    assert.match(text, /the entry's facts are not those that were decided on/)
    assert.doesNotMatch(text, /under other rules/)
  })
})

describe('reeve run', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'reeve-run-'))
  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  // What it says up to where it stays up, on a terminal or into a pipe.
  async function run(onTerminal) {
    const line = [kProgram, 'run', '--no-tour', '--listen', '127.0.0.1:0']
    // script(1) gives it a terminal of its own, and passes the keyboard's Ctrl-C on. A shell that stayed between them
    // would hear it, too, and end by it.
    const [program, ...args] = onTerminal ? ['script', '-qfec', `exec ${line.join(' ')}`, '/dev/null'] : line
    const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    let said = ''
    let stopping = false
    for await (const chunk of child.stdout) {
      said += chunk
      if (stopping || !said.includes('Stop with Ctrl-C')) continue
      stopping = true
      if (onTerminal) child.stdin.write('\x03')
      else child.kill('SIGTERM')
    }
    assert.equal(await exited, 0)
    return said
  }
  const keys = () =>
    JSON.parse(spawnSync(kProgram, ['key', 'list', '--all', '--json'], { cwd: folder, encoding: 'utf8' }).stdout)

  test('makes no key where its output is collected, and says how to make one', async () => {
    const said = await run(false)
    assert.doesNotMatch(said, /rv_[A-Za-z0-9_-]{20}/)
    const command = /Make a key with: reeve (.*)/.exec(said)[1].split(' ')
    assert.deepEqual(keys(), [])
    const { status, stdout } = spawnSync(kProgram, command, { cwd: folder, encoding: 'utf8' })
    assert.equal(status, 0)
    assert.match(stdout, /rv_[A-Za-z0-9_-]{20}/)
    assert.equal(keys().length, 1)
    fs.rmSync(path.join(folder, 'data'), { recursive: true })
  })

  test('prints a key on a terminal', async () => {
    const said = await run(true)
    assert.match(said, /shown once: .*rv_[A-Za-z0-9_-]{20}/)
    assert.deepEqual(
      keys().map(({ owner }) => owner),
      ['you@localhost'],
    )
  })
})

test('the help of what reads beside a server says how far it may lag', () => {
  for (const command of ['tail', 'query', 'verify']) {
    const { stdout } = spawnSync(kProgram, ['ledger', command, '--help'], { encoding: 'utf8' })
    assert.match(stdout, /Beside a running server this may lag/, command)
  }
})

// Three witnesses and a server, all of them the real program: a quorum that is met, one that is not, a ledger that was
// restored from an old copy, a second story under the log's own key. And a witness that is killed again and again while
// two stories are told to it: it never cosigns two roots for one size.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually, Server } from '../faults/server.mjs'
import { Random } from '../upstream/random.mjs'
import { kProgram } from '../upstream/reeve_process.mjs'
import { kAllowEverything } from '../upstream/upstream_process.mjs'
import { cosignedAt, leafHash, MadeUpLog, openCheckpoint, rootOfPath, treeRoot } from './made_up_log.mjs'
import { WitnessProcess } from './witness_process.mjs'

const kSeed = Number(process.env.SEED ?? 20261122)
const kKills = Number(process.env.KILLS ?? 25)

const kProviders = `
workers: 1
log: {format: json}
providers:
  - {name: practice, dialect: practice}
models:
  - {name: "practice-*", provider: practice}
`

// {code, stdout, stderr} of a command that needs no server and no configuration.
function reeve(...args) {
  return new Promise((resolve) => {
    execFile(kProgram, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
  })
}

describe('a server with three witnesses', () => {
  const server = new Server({ config: kProviders, governance: { 'all.yaml': kAllowEverything } })
  const witnesses = [1, 2, 3].map((number) => new WitnessProcess(`witness.example.com/w${number}`))
  let key
  let secret

  const publicFile = (name) => path.join(server.ledgerDirectory, 'public', name)
  const cosigned = () => {
    const note = fs.existsSync(publicFile('cosigned-checkpoint'))
      ? fs.readFileSync(publicFile('cosigned-checkpoint'), 'utf8')
      : undefined
    return note && { note, ...openCheckpoint(note, key) }
  }
  const signed = () => openCheckpoint(fs.readFileSync(publicFile('checkpoint'), 'utf8'), key)
  const cosignedPast = (size, seconds) => eventually(() => (cosigned()?.size ?? 0) >= size && cosigned(), seconds)
  const call = async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'practice-small', messages: [{ role: 'user', content: 'Say hello.' }] }),
    })
    await answer.arrayBuffer()
    return answer.status
  }
  const configure = () => {
    const list = witnesses.map(({ url, key }) => `    - {url: "${url}", key: "${key}"}\n`).join('')
    server.configure(`${kProviders}ledger:\n  quorum: 2\n  witnesses:\n${list}`)
  }

  before(async () => {
    await server.start()
    key = (await server.command('ledger', 'key')).trim()
    secret = (await server.createKey('dev@example.com')).secret
    assert.equal(await server.stop(), 0)
    for (const witness of witnesses) await witness.begin(key)
    configure()
    await server.start()
  })

  after(async () => {
    if (server.alive) await server.stop()
    server.remove()
    for (const witness of witnesses) witness.remove()
  })

  test('gets its checkpoints cosigned by all of them', async () => {
    for (let i = 0; i < 3; i++) assert.equal(await call(), 200)
    const found = await eventually(() => {
      const newest = cosigned()
      return newest && newest.size >= 6 && witnesses.every(({ key }) => cosignedAt(newest.note, key)) && newest
    })
    assert.ok(found, 'three cosignatures')
    const age = Date.now() / 1000 - cosignedAt(found.note, witnesses[0].key)
    assert.ok(age >= -1 && age < 60, `it says when: ${age} s ago`)
  })

  test('proves an entry to somebody who has the keys only', async () => {
    const file = path.join(server.folder, 'entry.tlog-proof')
    const made = await server.run('ledger', 'prove', '3', '-o', file)
    assert.equal(made.code, 0, made.stderr)
    const text = fs.readFileSync(file, 'utf8')
    const [head, note] = [text.slice(0, text.indexOf('\n\n') + 1), text.slice(text.indexOf('\n\n') + 2)]
    const lines = head.trimEnd().split('\n')
    assert.equal(lines[0], 'c2sp.org/tlog-proof@v1')
    const entry = Buffer.from(/^extra (\S+)$/.exec(lines[1])[1], 'base64')
    assert.equal(lines[2], 'index 3')
    const { size, root } = openCheckpoint(note, key)
    const hashes = lines.slice(3).map((line) => Buffer.from(line, 'base64'))
    assert.equal(rootOfPath(leafHash(entry), 3, size, hashes).toString('base64'), root)
    assert.equal(JSON.parse(entry).seq, 3)

    const keys = ['--key', key, ...witnesses.flatMap(({ key }) => ['--witness', key])]
    const good = await reeve('ledger', 'check-proof', file, ...keys, '--json')
    assert.equal(good.code, 0, good.stdout + good.stderr)
    assert.equal(JSON.parse(good.stdout).cosignatures.length, 3)
    const stranger = new MadeUpLog('stranger.example.com')
    assert.equal((await reeve('ledger', 'check-proof', file, '--key', stranger.vkey)).code, 1)
    const random = new Random(kSeed)
    for (let i = 0; i < 12; i++) {
      const bytes = Buffer.from(text)
      const at = random.between(0, bytes.length - 1)
      bytes[at] ^= 1 << random.between(0, 8 - 1)
      const changed = path.join(server.folder, 'changed.tlog-proof')
      fs.writeFileSync(changed, bytes)
      const bad = await reeve('ledger', 'check-proof', changed, ...keys)
      assert.equal(bad.code, 1, `byte ${at} (seed ${kSeed}): ${bad.stdout}`)
    }
  })

  test('shows that it only grew since a checkpoint that somebody kept', async () => {
    const kept = path.join(server.folder, 'kept.checkpoint')
    fs.copyFileSync(publicFile('checkpoint'), kept)
    assert.equal(await call(), 200)
    const before = openCheckpoint(fs.readFileSync(kept, 'utf8'), key)
    assert.ok(await eventually(() => signed().size > before.size))
    const grown = await server.run('ledger', 'consistency', kept, '--json')
    assert.equal(grown.code, 0, grown.stdout)
    assert.equal(JSON.parse(grown.stdout).old_size, before.size)
    const proven = await server.run('ledger', 'prove', '0', '--checkpoint', kept)
    assert.match(proven.stdout, /^c2sp.org\/tlog-proof@v1\n/)
    const thief = new MadeUpLog('', fs.readFileSync(path.join(server.ledgerDirectory, 'private-key'), 'utf8'))
    fs.writeFileSync(kept, thief.checkpoint(5, treeRoot([leafHash('another story')])))
    const forged = await server.run('ledger', 'consistency', kept)
    assert.equal(forged.code, 1, forged.stdout)
    assert.match(forged.stdout, /CONTRADICTS/)
  })

  test('goes on with one dead witness, and warns without a quorum while it still serves', async () => {
    await witnesses[2].kill()
    assert.equal(await call(), 200)
    const found = await cosignedPast(signed().size)
    assert.ok(found, 'two are a quorum')
    await witnesses[1].kill()
    for (let i = 0; i < 3; i++) assert.equal(await call(), 200)
    // A second and more: nobody answers for the missing two.
    const behind = /^reeve_ledger_quorum_behind_seconds [1-9]/m
    assert.ok(await eventually(async () => behind.test((await server.get('/metrics')).text)), 'the metrics tell')
    assert.equal(await server.ready(), 200)
    assert.equal(await call(), 200)
    assert.ok(cosigned().size < signed().size, 'what one witness cosigned does not pass for cosigned')
    const { note } = cosigned()
    assert.ok(witnesses.filter(({ key }) => cosignedAt(note, key)).length >= 2)
    const metrics = (await server.get('/metrics')).text
    assert.match(metrics, /^reeve_ledger_witness_quorum 2$/m)
    assert.match(metrics, /reeve_ledger_witness_reachable\{witness="witness.example.com\/w3"\} 0\n/)
    for (const witness of witnesses.slice(1)) await witness.start()
    assert.ok(await cosignedPast(signed().size, 90), 'and they are asked again when they are back')
  })

  test('a second root under its own key is found out, and the evidence speaks for itself', async () => {
    const thief = new MadeUpLog('', fs.readFileSync(path.join(server.ledgerDirectory, 'private-key'), 'utf8'))
    assert.equal(thief.vkey, key)
    const [witness] = witnesses
    // The server may add a checkpoint in between: what counts is the size that the witness has when it is asked.
    const forged = await eventually(async () => {
      const { status, body } = await witness.add(thief.request(0, [leafHash('x')]))
      assert.equal(status, 409)
      const size = Number(body)
      const answer = await witness.add(`old ${size}\n\n${thief.checkpoint(size, leafHash('another root'))}`)
      return witness.evidence().length > 0 && answer
    })
    assert.equal(forged.status, 409)
    assert.equal(forged.type, 'text/x.tlog.size')
    const [pack] = witness.evidence()
    const read = (name) => fs.readFileSync(path.join(pack, name), 'utf8')
    const seen = openCheckpoint(read('seen.checkpoint'), read('log.vkey').trim())
    const submitted = openCheckpoint(read('submitted.checkpoint'), key)
    assert.equal(seen.size, submitted.size)
    assert.notEqual(seen.root, submitted.root)
    assert.match(read('README.md'), /two different stories/)
    assert.match(witness.log(), /SPLIT VIEW/)
    assert.ok(await cosignedPast(signed().size), 'the true story goes on')
  })

  test('does not start from an old copy while one witness remembers more', async () => {
    assert.equal(await server.stop(), 0)
    const old = path.join(server.folder, 'old')
    fs.cpSync(server.ledgerDirectory, old, { recursive: true })
    await server.start()
    const size = signed().size
    for (let i = 0; i < 5; i++) assert.equal(await call(), 200)
    assert.ok(await cosignedPast(size + 5))
    assert.equal(await server.stop(), 0)
    fs.rmSync(server.ledgerDirectory, { recursive: true })
    fs.cpSync(old, server.ledgerDirectory, { recursive: true })

    await witnesses[0].kill()
    await witnesses[1].kill()
    const refused = await server.run('serve', '--listen', '127.0.0.1:0')
    assert.equal(refused.code, 3)
    assert.match(refused.stdout + refused.stderr, /witness\.example\.com\/w3 cosigned \d+ entries .* older copy/)
  })

  test('stops signing and refuses calls as soon as a witness that was away says so', async () => {
    await witnesses[2].kill()
    await server.start()
    assert.equal(await call(), 200)
    await witnesses[0].start()
    assert.ok(await eventually(async () => (await server.ready()) === 503, 90), 'not ready')
    assert.equal(await call(), 503)
    const stood = signed()
    assert.equal(await server.stop(), 0)
    assert.deepEqual(signed(), stood, 'nothing is signed any more, not even at the end')
    for (const witness of witnesses) await witness.kill()
    const again = await server.run('serve', '--listen', '127.0.0.1:0')
    assert.equal(again.code, 3, 'nor does it forget')
    assert.match(again.stdout + again.stderr, /ledger\/contradicted/)
  })
})

describe('a witness that is killed again and again', () => {
  const log = new MadeUpLog('log.example.com')
  const witness = new WitnessProcess('witness.example.com/killed')
  const random = new Random(kSeed)
  const roots = new Map() // size to the root that was cosigned

  const note = (answer, leaves) => `${log.checkpoint(leaves.length, treeRoot(leaves))}${answer.body}`
  const remember = (answer, leaves) => {
    if (answer.status !== 200) return false
    assert.ok(cosignedAt(note(answer, leaves), witness.key))
    const root = treeRoot(leaves).toString('base64')
    const before = roots.get(leaves.length) ?? root
    assert.equal(root, before, `two roots for ${leaves.length} entries (seed ${kSeed})`)
    roots.set(leaves.length, root)
    return true
  }

  before(() => witness.begin(log.vkey))
  after(() => witness.remove())

  test('never cosigns two roots for one size', async () => {
    let leaves = [leafHash('first')]
    assert.ok(remember(await witness.add(log.request(0, leaves)), leaves))
    for (let round = 0; round < kKills; round++) {
      // Two stories that go on from the same beginning, at the same time, and a kill somewhere in between.
      const stories = ['a', 'b'].map((story) => [...leaves, leafHash(`${round}/${story}`)])
      const tell = async (story) => [story, await witness.add(log.request(leaves.length, story))]
      const asked = [...stories, ...stories].map(tell)
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 6 - 1)))
      await witness.kill()
      for (const [story, answer] of await Promise.all(asked)) remember(answer, story)
      await witness.start()
      // What does it stand for now? It says where it is, and takes only the story that it knows.
      const { status, body } = await witness.add(log.request(0, leaves))
      assert.equal(status, 409)
      const size = Number(body)
      assert.ok(size === leaves.length || size === leaves.length + 1)
      assert.ok(size >= Math.max(...roots.keys()), 'it forgot what it cosigned')
      const taken = []
      for (const story of stories) {
        const oldSize = taken.length === 0 ? size : story.length
        if (remember(await witness.add(log.request(oldSize, story)), story)) taken.push(story)
      }
      assert.equal(taken.length, 1, 'one of the stories, and not the other')
      leaves = taken[0]
    }
    const packs = witness.evidence().filter((name) => !name.endsWith('.new'))
    assert.ok(packs.length > 0, 'and the other stories became evidence')
  })
})

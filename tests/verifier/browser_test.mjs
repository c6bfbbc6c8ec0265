// The verifier's modules in a real browser, without Node: over http on this machine, where a page has WebCrypto, and
// under a name for which it has none, where our own Ed25519 takes over.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { leafOf, makeKey, packOf, publishedFiles, signedCheckpoint } from './made_log.mjs'

const kBrowser = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => fs.existsSync(file))
const kModules = new URL('../../verifier/', import.meta.url)

const key = makeKey('log.example/browser')
const witness = makeKey('witness.example/w1', 4, 21)
const entryAt = (i) => Buffer.from(`{"seq":${i}}`)
const entries = Array.from({ length: 700 }, (_, i) => entryAt(i))
const leaves = entries.map(leafOf)
const checkpoint = signedCheckpoint(key, leaves, [witness])
const pack = packOf(
  key,
  leaves,
  entryAt,
  [
    [3, 300],
    [512, 1],
  ],
  { checkpoint },
)
const { 'pack.json': manifest, ...rest } = pack
const contents = Object.fromEntries(Object.entries(rest).map(([name, bytes]) => [name, bytes.toString('utf8')]))
const files = {
  ...publishedFiles(key, entries, checkpoint),
  'pack.json-whole': JSON.stringify({ ...JSON.parse(manifest), contents }),
}

const kPage = `<!doctype html><script type="module">
import { addressSource, check } from '/verifier/index.mjs'
const asked = { key: ${JSON.stringify(key.text)}, witnesses: [${JSON.stringify(witness.text)}] }
const packed = new Uint8Array(await (await fetch('/log/pack.json-whole')).arrayBuffer())
const flipped = packed.slice()
flipped[flipped.indexOf(0x2b, flipped.length / 2)] ^= 1
const reports = [await check(addressSource(location.origin + '/log'), asked)]
reports.push(await check(packed, asked), await check(flipped, asked))
const said = { webCrypto: Boolean(globalThis.crypto.subtle), node: typeof process, reports }
await fetch('/said', { method: 'POST', body: JSON.stringify(said) })
</script>`

const said = []
let heard
const server = http.createServer(async (request, answer) => {
  if (request.url === '/') return answer.setHeader('content-type', 'text/html').end(kPage)
  if (request.url === '/said') {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    said.push(JSON.parse(Buffer.concat(pieces)))
    answer.end()
    return heard()
  }
  const [, folder, name] = /^\/(verifier|log)\/(.*)$/.exec(request.url) ?? []
  const file = folder === 'verifier' ? new URL(name, kModules) : null
  const body = file ? fs.existsSync(file) && fs.readFileSync(file) : files[name]
  if (!body) return answer.writeHead(404).end()
  return answer.setHeader('content-type', file ? 'text/javascript' : 'application/octet-stream').end(body)
})
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'verifier-browser-'))
after(() => {
  server.close()
  server.closeAllConnections()
  fs.rmSync(profile, { recursive: true, force: true, maxRetries: 40 })
})

async function inBrowser(host) {
  if (!server.listening) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const done = new Promise((resolve) => (heard = resolve))
  const options = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
  // A name for this machine that is not one of those that a browser trusts without TLS.
  const mapped = '--host-resolver-rules=MAP log.example 127.0.0.1'
  const browser = spawn(
    kBrowser,
    [...options, mapped, '--remote-debugging-port=0', `http://${host}:${server.address().port}/`],
    {
      stdio: 'ignore',
    },
  )
  const ended = new Promise((resolve) => browser.once('exit', resolve))
  try {
    await Promise.race([done, ended.then(() => assert.fail('the browser ended early'))])
  } finally {
    browser.kill('SIGKILL')
    await ended
  }
  return said.pop()
}

for (const [host, webCrypto] of [
  ['127.0.0.1', true],
  ['log.example', false],
]) {
  test(
    `logs and packs are checked in a browser ${webCrypto ? 'with' : 'without'} WebCrypto`,
    { skip: !kBrowser, timeout: 120_000 },
    async () => {
      const { reports, ...where } = await inBrowser(host)
      assert.deepEqual(where, { webCrypto, node: 'undefined' })
      const [log, packed, flipped] = reports
      assert.deepEqual([log.problems, log.entries, log.witnesses.length], [[], 700, 1])
      assert.deepEqual([packed.problems, packed.entries], [[], 301])
      assert.equal(flipped.ok, false)
    },
  )
}

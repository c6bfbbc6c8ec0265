// The console's files: what they are sent with, and that no path leads out of them.

import assert from 'node:assert/strict'
import http from 'node:http'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { startConsole } from './console_reeve.mjs'

let both, reeve
before(async () => {
  both = await startConsole()
  reeve = both.reeve
})
after(() => both?.end())

// As it stands, without a client's own ideas of paths and codings.
const ask = (path, { method = 'GET', headers = {} } = {}) =>
  new Promise((resolve, reject) => {
    http
      .request({ port: reeve.port, host: '127.0.0.1', path, method, headers }, (response) => {
        const pieces = []
        response.on('data', (piece) => pieces.push(piece))
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }),
        )
      })
      .on('error', reject)
      .end()
  })
const assetOf = (page) => /\/console\/assets\/index-[^"]+\.js/.exec(page.body.toString())[0]

test('the document says that nothing inline and nothing from elsewhere runs', async () => {
  const page = await ask('/console/')
  assert.equal(page.status, 200)
  assert.equal(page.headers['cache-control'], 'no-cache')
  const policy = page.headers['content-security-policy']
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/)
  assert.equal(page.headers['x-content-type-options'], 'nosniff')
  assert.doesNotMatch(page.body.toString(), /<script>|<style|\son\w+=|style=/)
  const again = await ask('/console/', { headers: { 'if-none-match': page.headers.etag } })
  assert.deepEqual([again.status, again.body.length], [304, 0])
})

test('files that are named by their content are kept for ever, compressed as the client takes it', async () => {
  const asset = assetOf(await ask('/console/'))
  const plain = await ask(asset)
  assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.match(plain.headers['content-type'], /^text\/javascript/)
  const { brotliDecompressSync, gunzipSync } = await import('node:zlib')
  const ways = [
    ['gzip, deflate', 'gzip', gunzipSync],
    ['gzip, br', 'br', brotliDecompressSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
  ]
  for (const [accepted, coding, unpack] of ways) {
    const packed = await ask(asset, { headers: { 'accept-encoding': accepted } })
    assert.equal(packed.headers['content-encoding'], coding)
    assert.equal(packed.headers.vary, 'accept-encoding')
    assert.ok(unpack(packed.body).equals(plain.body))
  }
  const head = await ask(asset, { method: 'HEAD' })
  assert.deepEqual([head.status, head.body.length], [200, 0])
  assert.equal(head.headers['content-length'], String(plain.body.length))
})

test('the first load is small', async () => {
  const page = await ask('/console/')
  const scripts = [...page.body.toString().matchAll(/\/console\/assets\/[^"]+\.js/g)].map(([path]) => path)
  let bytes = 0
  for (const path of scripts) bytes += (await ask(path, { headers: { 'accept-encoding': 'gzip' } })).body.length
  assert.ok(bytes > 0 && bytes <= 250_000, `${bytes} bytes of JavaScript`)
})

test('every page of the console is the document; other paths are nothing', async () => {
  const document = await ask('/console/')
  for (const path of ['/console/spend', '/console/sessions/a%2Fb', '/console/ledger/12?x=1']) {
    const page = await ask(path)
    assert.deepEqual([page.status, page.headers.etag], [200, document.headers.etag], path)
  }
  assert.deepEqual([(await ask('/console')).status, (await ask('/console')).headers.location], [308, '/console/'])
  assert.equal((await ask('/console/assets/index-older.js')).status, 404)
  const post = await ask('/console/', { method: 'POST' })
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD'])
})

// Sent as bytes: a client library would tidy the path.
const raw = (path) =>
  new Promise((resolve, reject) => {
    const socket = net.connect(reeve.port, '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
    )
    let text = ''
    socket.on('data', (piece) => (text += piece.toString('latin1')))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })

test('no path leads to a file of the machine', async () => {
  const tried = [
    '/console/../../../../etc/passwd',
    '/console/%2e%2e/%2e%2e/etc/passwd',
    '/console/..%2f..%2fetc/passwd',
    '/console/assets/../../reeve.yaml',
    '/console//etc/passwd',
    '/console/assets/%00',
    '/console/..\\..\\reeve.yaml',
    '/console/assets/..%5c..%5creeve.yaml',
    '/console/.%00./reeve.yaml',
    '/console/data/tokens.key',
  ]
  for (const path of tried) {
    const text = await raw(path)
    assert.match(text, /^HTTP\/1\.1 (200|400|404) /, path)
    assert.doesNotMatch(text, /root:|data_dir|providers:|seed/, path)
    if (text.startsWith('HTTP/1.1 200')) assert.match(text, /<title>Reeve<\/title>/, path)
  }
})

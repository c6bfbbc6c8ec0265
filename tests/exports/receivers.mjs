// Where exports go in tests: an HTTPS receiver, a syslog receiver over TLS, and an object store that checks signatures
// of AWS Signature Version 4 from its own reading of the specification. Each can be away, be slow or say no.

import { execFileSync } from 'node:child_process'
import crypto from 'node:crypto'
import https from 'node:https'
import path from 'node:path'
import tls from 'node:tls'

export function makeCertificate(folder) {
  const files = { key: path.join(folder, 'key.pem'), cert: path.join(folder, 'cert.pem') }
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
    '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', files.key, '-out', files.cert,
  ], { stdio: 'ignore' })
  return files
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const hash = (text) => crypto.createHash('sha256').update(text).digest('hex')
const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest()

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server.address().port))
  })
}

// Each request is {method, url, headers, body}. `mode`: 'take', 'refuse', 'slow' or 'away'.
class HttpsReceiver {
  constructor(tlsOptions) {
    this.tlsOptions = tlsOptions
    this.taken = []
    this.refused = 0
    this.mode = 'take'
  }

  async start() {
    this.server = https.createServer(this.tlsOptions, (request, response) => {
      const parts = []
      request.on('data', (part) => parts.push(part))
      request.on('end', async () => {
        const got = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(parts) }
        if (this.mode === 'slow') await sleep(1_500)
        const problem = this.mode === 'refuse' ? 'not now' : this.check(got)
        if (problem) {
          this.refused++
          this.lastProblem = problem
          response.writeHead(this.mode === 'refuse' ? 503 : 403).end(problem)
          return
        }
        this.taken.push(got)
        response.writeHead(200).end()
      })
    })
    this.port = await listen(this.server, this.port ?? 0)
  }

  check() {
    return null
  }

  async stop() {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  lines() {
    return this.taken.flatMap((request) => request.body.toString().split('\n').filter(Boolean))
  }
}

// Checks the signature that webhooks have.
export class SignedReceiver extends HttpsReceiver {
  constructor(tlsOptions, secret) {
    super(tlsOptions)
    this.secret = secret
  }

  check({ headers, body }) {
    const match = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['x-reeve-signature'] ?? '')
    if (!match) return 'no signature'
    if (Math.abs(Date.now() / 1000 - Number(match[1])) > 300) return 'a signature of another time'
    const wanted = crypto.createHmac('sha256', this.secret).update(`${match[1]}.`).update(body).digest('hex')
    if (wanted !== match[2]) return 'a wrong signature'
    return headers['idempotency-key'] ? null : 'no idempotency key'
  }
}

const kAuthorization = new RegExp(
  '^AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]+)/s3/aws4_request, ' +
    'SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$',
)

export class ObjectStore extends HttpsReceiver {
  constructor(tlsOptions, { accessKey, secretKey, region, token }) {
    super(tlsOptions)
    this.credentials = { accessKey, secretKey, region, token }
  }

  check({ method, url, headers, body }) {
    const { accessKey, secretKey, region, token } = this.credentials
    const match = kAuthorization.exec(headers.authorization ?? '')
    if (!match) return 'the header Authorization has another form'
    const [, key, day, where, names, signature] = match
    if (key !== accessKey || where !== region) return 'another key or region'
    if (headers['x-amz-security-token'] !== token) return 'another session token'
    const time = headers['x-amz-date'] ?? ''
    if (!/^\d{8}T\d{6}Z$/.test(time) || !time.startsWith(day)) return 'x-amz-date is wrong'
    const at = Date.parse(time.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'))
    if (Math.abs(Date.now() - at) > 300_000) return 'RequestTimeTooSkewed'
    const signed = names.split(';')
    for (const name of Object.keys(headers)) {
      if ((name === 'host' || name === 'content-type' || name.startsWith('x-amz-')) && !signed.includes(name)) {
        return `${name} is not signed`
      }
    }
    if (signed.join() !== [...signed].sort().join()) return 'signed headers are not in order'
    if (headers['x-amz-content-sha256'] !== hash(body)) return 'XAmzContentSHA256Mismatch'
    const [path, query = ''] = url.split('?')
    const canonical = [
      method, path, query, ...signed.map((name) => `${name}:${headers[name].trim().replace(/ +/g, ' ')}`), '', names,
      headers['x-amz-content-sha256'],
    ].join('\n')
    const scope = `${day}/${region}/s3/aws4_request`
    const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`
    const signingKey = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${secretKey}`, day))
    return hmac(signingKey, toSign).toString('hex') === signature ? null : 'SignatureDoesNotMatch'
  }

  // The latest bytes of each object, by name, in order.
  objects() {
    const objects = new Map(this.taken.map((request) => [decodeURIComponent(request.url), request.body.toString()]))
    return [...objects.entries()].sort(([left], [right]) => (left < right ? -1 : 1))
  }
}

// Priority and version, time, host, application, process, message id; structured data; the rest.
const kSyslogMessage = new RegExp(
  '^<(\\d{1,3})>1 (\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,6}Z) ' +
    '([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ' +
    '\\[([!-~]+)((?: [!-~]+="(?:[^"\\\\\\]]|\\\\["\\\\\\]])*")*)\\] (.*)$',
  's',
)

// RFC 5425: octet counting inside TLS. A message counts once its connection has been ended in order.
export class SyslogReceiver {
  constructor(tlsOptions) {
    this.tlsOptions = tlsOptions
    this.messages = []
    this.problems = []
    this.cutConnections = 0
  }

  async start() {
    this.sockets = new Set()
    this.server = tls.createServer({ ...this.tlsOptions, minVersion: 'TLSv1.2' }, (socket) => {
      this.sockets.add(socket)
      const parts = []
      // Cuts that many connections in the middle, as a receiver does that is killed.
      if (this.cutConnections > 0) {
        this.cutConnections--
        socket.once('data', () => socket.destroy())
        socket.on('error', () => {})
        return
      }
      socket.on('data', (part) => parts.push(part))
      socket.on('end', () => this.read(Buffer.concat(parts)))
      socket.on('error', () => {})
      socket.on('close', () => this.sockets.delete(socket))
    })
    this.server.on('tlsClientError', () => {})
    this.port = await listen(this.server, this.port ?? 0)
  }

  read(bytes) {
    while (bytes.length > 0) {
      const space = bytes.indexOf(0x20)
      const length = /^[1-9]\d{0,8}$/.exec(bytes.subarray(0, Math.max(space, 0)).toString())
      if (!length || bytes.length < space + 1 + Number(length[0])) {
        this.problems.push(`no frame: ${bytes.subarray(0, 40)}`)
        return
      }
      this.take(bytes.subarray(space + 1, space + 1 + Number(length[0])).toString())
      bytes = bytes.subarray(space + 1 + Number(length[0]))
    }
  }

  // RFC 5424.
  take(message) {
    const match = kSyslogMessage.exec(message)
    if (!match || Number(match[1]) > 191) {
      this.problems.push(`not RFC 5424: ${message.slice(0, 200)}`)
      return
    }
    const pairs = [...match[8].matchAll(/ ([^=]+)="((?:[^"\\\]]|\\.)*)"/g)].map(([, name, value]) => [name, value])
    const data = Object.fromEntries(pairs)
    const [, priority, time, , application, , , id, , text] = match
    this.messages.push({ priority: Number(priority), time, application, id, data, text })
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

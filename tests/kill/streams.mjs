// What tests of the kill switch share: streams under way in each dialect, and when their last byte came.

import net from 'node:net'
import { kAllowEverything, UpstreamProcess } from '../upstream/upstream_process.mjs'
import { Reeve } from '../upstream/reeve_process.mjs'
import { scriptHeader } from '../upstream/script.mjs'

// A piece every 20 ms for a minute and more: none ends by itself while a test looks.
export const kEndless = { events: 4000, delay_ms: 20 }

const kAsk = 'Say hello.'
export const kDialects = {
  anthropic: {
    path: '/v1/messages',
    credential: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    body: (model, stream) => ({
      model: model ?? 'claude-sonnet-4-5',
      max_tokens: 1000,
      stream,
      messages: [{ role: 'user', content: kAsk }],
    }),
  },
  chat: {
    path: '/v1/chat/completions',
    credential: (key) => ({ authorization: `Bearer ${key}` }),
    body: (model, stream) => ({ model: model ?? 'gpt-5', stream, messages: [{ role: 'user', content: kAsk }] }),
  },
  responses: {
    path: '/v1/responses',
    credential: (key) => ({ authorization: `Bearer ${key}` }),
    body: (model, stream) => ({ model: model ?? 'gpt-5', stream, input: kAsk }),
  },
  gemini: {
    path: '/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    credential: (key) => ({ 'x-goog-api-key': key }),
    body: () => ({ contents: [{ role: 'user', parts: [{ text: kAsk }] }] }),
  },
}

export async function startBoth({ config = '', governance = {} } = {}) {
  const upstream = await new UpstreamProcess().start()
  const reeve = new Reeve({
    config: upstream.reeveConfig() + config,
    governance: { 'rules.yaml': kAllowEverything, ...governance },
  })
  await reeve.start()
  return { upstream, reeve }
}

// A call. `first` resolves with its first piece; `ended` when nothing more comes: {status, text, lastAt, broken}, where
// lastAt is the time (performance.now()) of the last piece.
export function call(reeve, key, options = {}) {
  const { dialect = 'anthropic', script = kEndless, model, stream = true, headers = {} } = options
  const { path, credential, body } = kDialects[dialect]
  const response = fetch(`http://127.0.0.1:${reeve.port}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...credential(key),
      ...Object.fromEntries([scriptHeader(script)]),
      ...headers,
    },
    body: JSON.stringify(body(model, stream)),
  })
  let begun
  const first = new Promise((resolve) => (begun = resolve))
  const ended = (async () => {
    const { status, body: pieces, headers: head } = await response
    const decoder = new TextDecoder()
    const result = { status, headers: head, text: '', lastAt: performance.now(), broken: undefined }
    try {
      for await (const piece of pieces) {
        result.text += decoder.decode(piece, { stream: true })
        result.lastAt = performance.now()
        begun()
      }
    } catch (error) {
      result.broken = error
    }
    begun()
    return result
  })()
  ended.catch(() => begun())
  return { first, ended }
}

// Such a call whose answer has begun.
export async function streaming(...given) {
  const made = call(...given)
  await made.first
  return made
}

// A call whose client takes the first piece and then nothing until `released`, so that what it is given lies in the
// kernel's buffers. `first` and `ended` as of call(); the text is all that came, heads included.
export function heldBack(reeve, key, { script = kEndless, model, released }) {
  const { path, credential, body } = kDialects.anthropic
  const text = JSON.stringify(body(model, true))
  const fields = { host: 'reeve', 'content-type': 'application/json', 'content-length': text.length }
  Object.assign(fields, credential(key), Object.fromEntries([scriptHeader(script)]))
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  const socket = net.connect(reeve.port, '127.0.0.1')
  socket.write([`POST ${path} HTTP/1.1`, ...lines, '', text].join('\r\n'))
  const result = { text: '', broken: undefined }
  const first = new Promise((resolve) => socket.once('data', resolve)).then(() => socket.pause())
  const ended = new Promise((resolve) => {
    socket.on('data', (piece) => (result.text += piece))
    socket.on('error', (error) => (result.broken = error))
    // Connections are kept: the end of the answer's framing, not of the connection, is its end.
    socket.on('data', () => result.text.endsWith('\r\n0\r\n\r\n') && socket.end())
    socket.on('close', () => resolve(result))
  })
  released.then(() => socket.resume())
  return { first, ended }
}

// When the provider sent the last piece that stands in a text of a stamped answer; undefined without any.
export function lastStamp(text) {
  const stamps = [...text.matchAll(/^: sent (\d+)$/gm)]
  return stamps.length > 0 ? Number(stamps.at(-1)[1]) : undefined
}

// Whether it goes on for so long, in milliseconds.
export async function goesOn(stream, milliseconds = 300) {
  const over = await Promise.race([
    stream.ended.then(() => true),
    new Promise((resolve) => setTimeout(resolve, milliseconds, false)),
  ])
  return !over
}

// The entries, once there is one that fits: commands read the ledger a checkpoint later.
export async function entriesWith(reeve, fits) {
  for (let i = 0; i < 200; i++) {
    const entries = await reeve.entries()
    if (entries.some(fits)) return entries
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`no entry ${fits} came`)
}

export async function failing(reeve, ...args) {
  try {
    return { code: 0, text: await reeve.command(...args) }
  } catch (error) {
    return { code: error.code, text: `${error.stdout}${error.stderr}` }
  }
}

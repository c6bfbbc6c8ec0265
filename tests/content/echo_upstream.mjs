// A model that says back what it was told: it answers with the last text of the conversation as it arrived, as text and
// as the argument of a tool, streamed in pieces of random size or whole, in all dialects. Keeps every body it received.

import http from 'node:http'

export function lastText(dialect, body) {
  const textOf = (content) =>
    typeof content === 'string' ? content : content.map((part) => part.text ?? part.content ?? '').join('')
  if (dialect === 'messages') return textOf(body.messages.at(-1).content)
  if (dialect === 'chat') return textOf(body.messages.at(-1).content)
  if (dialect === 'responses')
    return typeof body.input === 'string' ? body.input : textOf(body.input.at(-1).content)
  return body.contents
    .at(-1)
    .parts.map((part) => part.text)
    .join('')
}

function dialectOf(url) {
  if (url.startsWith('/v1/messages')) return 'messages'
  if (url.startsWith('/v1/chat/completions') || url.startsWith('/chat/completions')) return 'chat'
  if (url.startsWith('/v1/responses') || url.startsWith('/responses')) return 'responses'
  return 'gemini'
}

// The text in pieces of 1 to `max` UTF-16 units, never through a pair.
export function pieces(text, random, max) {
  const units = [...text]
  const found = []
  for (let at = 0; at < units.length;) {
    const count = 1 + Math.floor(random() * max)
    found.push(units.slice(at, at + count).join(''))
    at += count
  }
  return found.length > 0 ? found : ['']
}

const usage = { input_tokens: 10, output_tokens: 10 }

function* anthropicEvents(textPieces, argumentPieces) {
  const event = (data) => [data.type, data]
  yield event({
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      usage,
    },
  })
  yield event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } })
  for (const text of textPieces)
    yield event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
  yield event({ type: 'content_block_stop', index: 0 })
  const tool = { type: 'tool_use', id: 'toolu_1', name: 'note', input: {} }
  yield event({ type: 'content_block_start', index: 1, content_block: tool })
  for (const piece of argumentPieces)
    yield event({
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: piece },
    })
  yield event({ type: 'content_block_stop', index: 1 })
  yield event({ type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage })
  yield event({ type: 'message_stop' })
}

function* chatEvents(textPieces, argumentPieces) {
  const chunk = (delta, finish = null) => [
    '',
    {
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    },
  ]
  yield chunk({ role: 'assistant', content: '' })
  for (const content of textPieces) yield chunk({ content })
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'note', arguments: '' } }
  yield chunk({ tool_calls: [call] })
  for (const piece of argumentPieces)
    yield chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] })
  yield chunk({}, 'tool_calls')
  yield ['', '[DONE]']
}

function* responsesEvents(textPieces, argumentPieces) {
  let sequence = 0
  const event = (data) => [data.type, { sequence_number: sequence++, ...data }]
  const text = textPieces.join('')
  const args = argumentPieces.join('')
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  }
  const call = {
    id: 'fc_1',
    type: 'function_call',
    status: 'completed',
    call_id: 'call_1',
    name: 'note',
    arguments: args,
  }
  const response = { id: 'resp_1', object: 'response', status: 'in_progress', model: 'm', output: [] }
  yield event({ type: 'response.created', response })
  yield event({
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...message, status: 'in_progress', content: [] },
  })
  yield event({
    type: 'response.content_part.added',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    part: { type: 'output_text', text: '', annotations: [] },
  })
  for (const delta of textPieces)
    yield event({
      type: 'response.output_text.delta',
      item_id: 'msg_1',
      output_index: 0,
      content_index: 0,
      delta,
    })
  yield event({
    type: 'response.output_text.done',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    text,
  })
  yield event({
    type: 'response.content_part.done',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    part: message.content[0],
  })
  yield event({ type: 'response.output_item.done', output_index: 0, item: message })
  yield event({
    type: 'response.output_item.added',
    output_index: 1,
    item: { ...call, status: 'in_progress', arguments: '' },
  })
  for (const delta of argumentPieces)
    yield event({ type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 1, delta })
  yield event({
    type: 'response.function_call_arguments.done',
    item_id: 'fc_1',
    output_index: 1,
    arguments: args,
  })
  yield event({ type: 'response.output_item.done', output_index: 1, item: call })
  yield event({
    type: 'response.completed',
    response: {
      ...response,
      status: 'completed',
      output: [message, call],
      usage: { ...usage, total_tokens: 20 },
    },
  })
}

function* geminiEvents(textPieces, argumentPieces) {
  const candidate = (parts, rest = {}) => [
    '',
    { candidates: [{ content: { role: 'model', parts }, index: 0, ...rest }], modelVersion: 'm' },
  ]
  for (const text of textPieces) yield candidate([{ text }])
  yield candidate([{ functionCall: { name: 'note', args: JSON.parse(argumentPieces.join('')) } }])
  yield candidate([{ text: '' }], { finishReason: 'STOP' })
}

const kEvents = {
  messages: anthropicEvents,
  chat: chatEvents,
  responses: responsesEvents,
  gemini: geminiEvents,
}

function wholeAnswer(dialect, text, args) {
  if (dialect === 'messages') {
    const content = [
      { type: 'text', text },
      { type: 'tool_use', id: 'toolu_1', name: 'note', input: JSON.parse(args) },
    ]
    return {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content,
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage,
    }
  }
  if (dialect === 'chat') {
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'note', arguments: args } }]
    const message = { role: 'assistant', content: text, tool_calls: calls }
    return {
      id: 'c1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    }
  }
  if (dialect === 'responses') return [...responsesEvents([text], [args])].at(-1)[1].response
  const parts = [{ text }, { functionCall: { name: 'note', args: JSON.parse(args) } }]
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0, finishReason: 'STOP' }],
    modelVersion: 'm',
  }
}

// What a client makes of an answer: the text, and the tool's argument.
export function assemble(dialect, streamed, body) {
  if (!streamed) return fromWhole(dialect, JSON.parse(body))
  const events = body
    .split(/\r?\n\r?\n/)
    .map((event) =>
      event
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice(6))
        .join('\n'),
    )
    .filter((data) => data !== '' && data !== '[DONE]')
    .map((data) => JSON.parse(data))
  let text = ''
  let args = ''
  for (const event of events) {
    if (event.error || event.type === 'error')
      throw new Error(`the answer ends with: ${JSON.stringify(event.error)}`)
    if (dialect === 'messages') {
      text += event.delta?.text ?? ''
      args += event.delta?.partial_json ?? ''
    } else if (dialect === 'chat') {
      text += event.choices[0].delta.content ?? ''
      args += event.choices[0].delta.tool_calls?.[0].function.arguments ?? ''
    } else if (dialect === 'responses') {
      if (event.type === 'response.output_text.delta') text += event.delta
      if (event.type === 'response.function_call_arguments.delta') args += event.delta
    } else {
      for (const part of event.candidates[0].content.parts) {
        text += part.text ?? ''
        if (part.functionCall) args += JSON.stringify(part.functionCall.args)
      }
    }
  }
  const found = { text, argument: JSON.parse(args).note }
  if (dialect === 'responses') {
    const whole = fromWhole(dialect, events.at(-1).response)
    if (whole.text !== found.text || whole.argument !== found.argument)
      throw new Error('the deltas and the end differ')
  }
  return found
}

function fromWhole(dialect, answer) {
  if (dialect === 'messages') return { text: answer.content[0].text, argument: answer.content[1].input.note }
  if (dialect === 'chat') {
    const { content, tool_calls: calls } = answer.choices[0].message
    return { text: content, argument: JSON.parse(calls[0].function.arguments).note }
  }
  if (dialect === 'responses') {
    return { text: answer.output[0].content[0].text, argument: JSON.parse(answer.output[1].arguments).note }
  }
  const { parts } = answer.candidates[0].content
  return { text: parts[0].text, argument: parts[1].functionCall.args.note }
}

export class EchoUpstream {
  bodies = []
  answers = []
  #random
  #server
  // Set to change what is said back: (text) => text.
  say = (text) => text

  constructor(random) {
    this.#random = random
  }

  async start() {
    this.#server = http.createServer((request, response) => this.#serve(request, response))
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.port = this.#server.address().port
  }

  stop() {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #serve(request, response) {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const raw = Buffer.concat(chunks).toString()
    this.bodies.push(raw)
    const dialect = dialectOf(request.url)
    const body = JSON.parse(raw)
    const text = this.say(lastText(dialect, body))
    const args = JSON.stringify({ note: text })
    const streamed = body.stream === true || request.url.includes('streamGenerateContent')
    let sent = ''
    if (!streamed) {
      sent = JSON.stringify(wholeAnswer(dialect, text, args))
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(sent)
    } else {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const max = 1 + Math.floor(this.#random() * 30)
      const events = kEvents[dialect](pieces(text, this.#random, max), pieces(args, this.#random, max))
      for (const [name, data] of events) {
        const line = `${name ? `event: ${name}\n` : ''}data: ${data === '[DONE]' ? data : JSON.stringify(data)}\n\n`
        sent += line
      }
      // In packets that end anywhere.
      for (let at = 0; at < sent.length;) {
        const size = 1 + Math.floor(this.#random() * 3000)
        response.write(sent.slice(at, at + size))
        at += size
        if (this.#random() < 0.05) await new Promise((resolve) => setImmediate(resolve))
      }
      response.end()
    }
    this.answers.push(sent)
  }
}

// A plain HTTP relay between a client and what it calls. It changes nothing and notes every request, so that a test can
// say how often a client really asked, whatever the other side recorded.

import http from 'node:http'

const kModelPath =
  /^\/v1\/(messages|chat\/completions|responses)$|^\/v1beta\/models\/[^/]+:(stream)?[gG]enerateContent$/

export class CountingHop {
  calls = [] // {method, path, body, status}, in order of arrival

  // Relays to 127.0.0.1:`port`.
  async start(port) {
    this.#target = port
    this.#server = http.createServer((request, response) => this.#relay(request, response))
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.port = this.#server.address().port
    return this
  }

  stop() {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  // Only those that ask a model for an answer.
  get modelCalls() {
    return this.calls.filter((call) => call.method === 'POST' && kModelPath.test(call.path))
  }

  #server
  #target

  async #relay(request, response) {
    const call = { method: request.method, path: request.url.split('?')[0], body: '', status: 0 }
    this.calls.push(call)
    const parts = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts)
    call.body = body.toString()
    const options = { port: this.#target, method: request.method, path: request.url, headers: request.rawHeaders }
    const onward = http.request({ host: '127.0.0.1', ...options }, (answer) => {
      call.status = answer.statusCode
      response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    onward.end(body)
  }
}

// Server-sent events as bytes (WHATWG HTML, section 9.2).

// `name` may be null: then there is no event line.
export function event(name, data, newline = '\n') {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return (name === null ? '' : `event: ${name}${newline}`) + `data: ${text}${newline}${newline}`
}

// Turns events into what answer.mjs sends: the bytes, and the output tokens that the vendor has generated once this
// event is on its way.
export class EventList {
  #newline
  #emitted = 0

  constructor(newline) {
    this.#newline = newline
    this.list = []
  }

  add(name, data, tokens = 0, note = undefined) {
    this.#emitted += tokens
    this.list.push({ bytes: Buffer.from(event(name, data, this.#newline)), emitted: this.#emitted, note })
  }

  comment(text) {
    this.list.push({ bytes: Buffer.from(`: ${text}${this.#newline}${this.#newline}`), emitted: this.#emitted })
  }
}

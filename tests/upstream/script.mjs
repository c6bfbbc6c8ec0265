// What an answer is to be like. A script comes from the request's own `x-upstream-script` header (JSON), else from the
// first rule of the control endpoint that fits, else it is the default: a short text.
//
//   status        200; anything else answers with the vendor's error body (error_type, error_message: its words)
//   events        pieces of text (12)            text       the whole text, instead of filler words
//   usage         {input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, input_audio, output_audio,
//                 web_searches}: see plan.mjs
//   tool          {name, input}; a string as input is a custom tool's free text (OpenAI's dialects only)
//   agent         {command} or {edit}: play a coding agent's model, see agent.mjs and editing_agent.mjs
//   pieces        into how many a given text (1) and a tool's input (4) are cut
//   stop          "end", "length"                pad_bytes  makes a huge answer of about that size
//   service_tier  what the answer says (to Anthropic "fast" is a speed)   answer_model  the model that the answer names
//   framing       "chunked", "length" or "close" (JSON: length, streams: chunked)
//   chunks        how the body is cut into HTTP chunks: "event", "whole", "random", "byte" or a number of bytes
//   writes        how the bytes on the wire are cut into writes: "chunk", "whole", "random", "byte"
//   newline       "\n" or "\r\n" in event streams    comments   true: SSE comments between events
//   stamped       true: before each further piece of a stream an SSE comment with the time, ": sent 1763900000000",
//                 which the journal does not count
//   gzip          true: answered compressed, whatever was asked for
//   first_delay_ms, delay_ms                     before the head, and between events
//   end           "complete", "close" (FIN early), "reset" (RST), "hang", "error" (the dialect's error event)
//   after_events  for the other ends: how many events go out whole before it; after_bytes the same in bytes of the body
//   keep_alive    false: says connection: close and closes
//   raw_body      the body as it stands, with status and headers as given
//   headers       {name: value} added to the answer
//   on_head       "reset": the connection ends once the head is read (in the request's own header only)
//   seed          of everything that is random in it

const kDefaults = {
  status: 200,
  events: 12,
  usage: {},
  end: 'complete',
  chunks: 'event',
  writes: 'chunk',
  newline: '\n',
  first_delay_ms: 0,
  delay_ms: 0,
  keep_alive: true,
  headers: {},
}
const kKnown = new Set([
  ...Object.keys(kDefaults),
  ...[
    'text',
    'tool',
    'agent',
    'pieces',
    'stop',
    'pad_bytes',
    'service_tier',
    'answer_model',
    'framing',
    'comments',
    'stamped',
    'gzip',
    'after_events',
    'after_bytes',
    'raw_body',
    'on_head',
    'error_type',
    'error_message',
    'seed',
  ],
])

// A script as a request's header: JSON in ASCII.
export function scriptHeader(script) {
  const escape = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return ['x-upstream-script', JSON.stringify(script).replace(/[^\x20-\x7e]/g, escape)]
}

export function completeScript(given) {
  for (const name of Object.keys(given)) {
    if (!kKnown.has(name)) throw new Error(`script: unknown member ${name}`)
  }
  return { ...kDefaults, ...given }
}

const fits = (pattern, text) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text)

export class Scripts {
  #rules = []
  #fallback

  constructor(fallback = {}) {
    this.#fallback = completeScript(fallback)
  }

  // `rule`: {match: {path, model} with * as wildcard, times (forever if absent), script}. Later rules come first.
  add(rule) {
    this.#rules.unshift({
      match: rule.match ?? {},
      left: rule.times ?? Infinity,
      script: completeScript(rule.script ?? {}),
    })
  }

  clear() {
    this.#rules = []
  }

  choose(request, model) {
    const own = request.header('x-upstream-script')
    if (own !== undefined) return completeScript(JSON.parse(own))
    const rule = this.#rules.find(
      ({ match, left }) => left > 0 && fits(match.path ?? '*', request.path) && fits(match.model ?? '*', model ?? ''),
    )
    if (!rule) return this.#fallback
    rule.left--
    return rule.script
  }
}

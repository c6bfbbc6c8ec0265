// What an answer will say, before any dialect gives it a form: pieces of thinking, text and tool arguments with the
// tokens that each stands for, and the usage that the vendor will report.
//
// Usage is kept in disjoint kinds, as providers bill it: `input` is what was neither read from nor written to a cache;
// `output` includes `reasoning`; audio is a part of `input` and of `output`.

import { Random } from './random.mjs'

// One word is one token here, of two to eight bytes and four on average, as real tokenizers have it for prose and code.
const kWords = [
  ' the',
  ' test',
  ' reads',
  ' a',
  ' file',
  ' and',
  ' then',
  ' runs',
  ' it',
  ' again',
  ' code',
  '();\n',
  ' return',
  ' value',
  ' if',
  ' (x',
  ' ==',
  ' 42)',
  ' {',
  ' }',
  ' grün',
  ' naïve',
  ' 検証',
  ' ✅',
  ' "q"',
  ' a\\b',
  ' data:',
  ' end',
  ' of',
  ' line',
  '.\n',
  ' build',
  ' passes',
  ' in',
  ' CI',
  ' now',
]

export function words(count, random) {
  let text = ''
  for (let i = 0; i < count; i++) text += random.pick(kWords)
  return text
}

// Shares `total` among `count` pieces, each at least one while it lasts.
function share(total, count, random) {
  const shares = Array(count).fill(0)
  const even = Math.floor(total / count)
  let left = total
  for (let i = 0; i < count && left > 0; i++) {
    const last = i === count - 1
    shares[i] = last
      ? left
      : Math.min(left, Math.max(1, even + random.between(-Math.floor(even / 2), Math.floor(even / 2))))
    left -= shares[i]
  }
  return shares
}

function pieces(total, count, random, toText) {
  return share(total, Math.max(1, count), random)
    .filter((tokens) => tokens > 0)
    .map((tokens) => ({ tokens, text: toText(tokens) }))
}

// A text cut into at most `most` pieces, never through a character, that each stand for a share of `tokens`.
function cutPieces(text, most, tokens, random) {
  const characters = [...text]
  const size = Math.max(1, Math.ceil(characters.length / most))
  const count = Math.max(1, Math.ceil(characters.length / size))
  return share(tokens, count, random).map((part, i) => ({
    tokens: part,
    text: characters.slice(i * size, (i + 1) * size).join(''),
  }))
}

// What a tool is called with as it goes over the wire: a custom tool's free text, or JSON.
export const inputText = (input) => (typeof input === 'string' ? input : JSON.stringify(input))

const kZero = {
  input: 0,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  output: 0,
  reasoning: 0,
  input_audio: 0,
  output_audio: 0,
  web_searches: 0,
}

// `script` says what is wanted (see script.mjs), `asked` what the request holds (a dialect's readRequest), `id` makes
// the answer's ids unique.
export function makePlan(script, asked, id) {
  const random = new Random(script.seed ?? id)
  const usage = { ...kZero, input: Math.max(1, Math.ceil(asked.bytes / 4)), ...script.usage }
  const tool = script.tool ?? null
  if (script.usage?.output === undefined) {
    usage.output = script.text === undefined ? script.events * 6 : Math.ceil(script.text.length / 4)
    usage.output += usage.reasoning + (tool ? 12 : 0)
  }
  const visible = usage.output - usage.reasoning
  const toolTokens = tool ? Math.min(visible, Math.max(1, Math.ceil(inputText(tool.input).length / 4))) : 0
  const parts = []
  if (usage.reasoning > 0) {
    const toText = (tokens) => words(tokens, random)
    parts.push({ kind: 'thinking', pieces: pieces(usage.reasoning, Math.ceil(script.events / 4), random, toText) })
  }
  if (script.text !== undefined) {
    parts.push({ kind: 'text', pieces: cutPieces(script.text, script.pieces ?? 1, visible - toolTokens, random) })
  } else if (visible - toolTokens > 0) {
    const filler = script.pad_bytes ? 'x'.repeat(Math.ceil(script.pad_bytes / script.events)) : ''
    const toText = (tokens) => words(tokens, random) + filler
    parts.push({ kind: 'text', pieces: pieces(visible - toolTokens, script.events, random, toText) })
  }
  if (tool) {
    const cut = cutPieces(inputText(tool.input), script.pieces ?? 4, toolTokens, random)
    parts.push({ kind: 'tool', ...tool, custom: typeof tool.input === 'string', pieces: cut })
  }
  const stop = tool ? 'tool' : (script.stop ?? 'end')
  return {
    id,
    model: script.answer_model ?? asked.model,
    parts,
    usage,
    stop,
    serviceTier: script.service_tier ?? null,
    random,
  }
}

export const textOf = (part) => part.pieces.map((piece) => piece.text).join('')

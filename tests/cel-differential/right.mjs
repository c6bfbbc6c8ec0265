// What functions answer by the specification, for those that the oracle has otherwise. Written from the specification
// and its strings extension, in another language than the engine. An error is thrown.

import { celList, isCelList, isCelMap, isCelType, isCelUint } from '@bufbuild/cel'
import { create } from '@bufbuild/protobuf'
import { isReflectMessage } from '@bufbuild/protobuf/reflect'
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'

export const fail = (why) => {
  throw new Error(why)
}

export function within(number, least, greatest) {
  return number >= least && number <= greatest ? number : fail('range')
}

export const INT = [-(2n ** 63n), 2n ** 63n - 1n]
export const UINT = [0n, 2n ** 64n - 1n]

export function doubleFromText(string) {
  if (/^[+-]?nan$/i.test(string)) return NaN
  const infinite = /^([+-]?)inf(inity)?$/i.exec(string)
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(string) ? Number(string) : fail('no number')
}

export const doubleText = (number) => (Object.is(number, -0) ? '-0' : String(number))

/** ".5" of half a second. */
function fraction(nanos) {
  const digits = String(Math.abs(nanos)).padStart(9, '0').replace(/0+$/, '')
  return digits === '' ? '' : '.' + digits
}
export const timestampText = ({ seconds, nanos }) =>
  new Date(Number(seconds) * 1000).toISOString().slice(0, 19) + fraction(nanos) + 'Z'
export function durationText({ seconds, nanos }) {
  const sign = seconds < 0n || nanos < 0 ? '-' : ''
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(nanos)}s`
}

// -- places in texts, in characters

function place(number, length) {
  return Number(within(number, 0n, BigInt(length)))
}

export function charAt(string, at) {
  const characters = [...string]
  return characters[place(at, characters.length)] ?? ''
}

export function substring(string, from, to) {
  const characters = [...string]
  const begin = place(from, characters.length)
  const end = to === undefined ? characters.length : place(to, characters.length)
  return begin <= end ? characters.slice(begin, end).join('') : fail('range')
}

const beginsAt = (characters, wanted, at) => wanted.every((character, i) => characters[at + i] === character)

export function indexOf(string, sought, from) {
  const [characters, wanted] = [[...string], [...sought]]
  const last = characters.length - (wanted.length === 0 || from === undefined ? 0 : 1)
  for (let at = from === undefined ? 0 : place(from, last); at + wanted.length <= characters.length; ++at) {
    if (beginsAt(characters, wanted, at)) return BigInt(at)
  }
  return -1n
}

export function lastIndexOf(string, sought, from) {
  const [characters, wanted] = [[...string], [...sought]]
  const last = characters.length - (wanted.length === 0 || from === undefined ? 0 : 1)
  for (let at = from === undefined ? last : place(from, last); at >= 0; --at) {
    if (at + wanted.length <= characters.length && beginsAt(characters, wanted, at)) return BigInt(at)
  }
  return -1n
}

// -- parts of texts

export function split(string, separator, limit = -1n) {
  if (limit === 0n) return celList([])
  const parts = separator === '' ? [...string] : string.split(separator)
  if (limit < 0n || parts.length <= limit) return celList(parts)
  const kept = Number(limit) - 1
  return celList([...parts.slice(0, kept), parts.slice(kept).join(separator)])
}

export function replace(string, sought, by, limit = -1n) {
  const characters = [...string]
  const parts = sought === '' ? ['', ...characters, ''].map((c, i) => (i === 0 ? '' : c)) : string.split(sought)
  let left = limit < 0n ? parts.length : Number(limit)
  if (sought === '') {
    return characters.map((c) => (left-- > 0 ? by + c : c)).join('') + (left > 0 ? by : '')
  }
  return parts.map((part, i) => (i === 0 ? part : (left-- > 0 ? by : sought) + part)).join('')
}

const ESCAPES = {
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '"': '"',
  '\\': '\\',
}

export const quote = (_, text) => '"' + text.replace(/[\x07-\x0d"\\]/g, (c) => '\\' + ESCAPES[c]) + '"'

// -- format

function shown(value) {
  switch (typeof value) {
    case 'number':
      return doubleText(value)
    case 'string':
      return value
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      break
  }
  if (value === null) return 'null'
  if (isCelUint(value)) return String(value.value)
  if (isCelType(value)) return value.name
  if (value instanceof Uint8Array) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value)
  if (isReflectMessage(value, TimestampSchema)) return timestampText(value.message)
  if (isReflectMessage(value, DurationSchema)) return durationText(value.message)
  if (isCelList(value)) return '[' + [...value].map(shown).join(', ') + ']'
  if (!isCelMap(value)) fail('no value')
  const entries = [...value].map(([key, item]) => [shown(key), shown(item)])
  return (
    '{' +
    entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${key}: ${item}`)
      .join(', ') +
    '}'
  )
}

const whole = (value) =>
  typeof value === 'bigint' ? value : isCelUint(value) ? value.value : fail('no whole number')

function formattedDouble(value, letter, precision) {
  if (typeof value !== 'number') fail('no double')
  if (!Number.isFinite(value)) return String(value)
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  return sign + (letter === 'f' ? exactFixed : exactExponent)(Math.abs(value), precision)
}

/** A finite double that is not negative, as a fraction of two whole numbers. */
function exactly(number) {
  let exponent = 0n
  let numerator = number
  while (!Number.isInteger(numerator)) {
    numerator *= 2
    ++exponent
  }
  return [BigInt(numerator), 2n ** exponent]
}

/** The exact value times 10 to the power of `places`, to the nearest whole number, halves to even. */
function rounded(number, places) {
  let [numerator, denominator] = exactly(number)
  if (places >= 0) numerator *= 10n ** BigInt(places)
  else denominator *= 10n ** BigInt(-places)
  const quotient = numerator / denominator
  const rest = (numerator % denominator) * 2n
  return rest > denominator || (rest === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient
}

function exactFixed(number, precision) {
  const text = String(rounded(number, precision)).padStart(precision + 1, '0')
  return precision === 0 ? text : text.slice(0, -precision) + '.' + text.slice(-precision)
}

function exactExponent(number, precision) {
  let exponent = number === 0 ? 0 : Number(number.toExponential(20).split('e')[1])
  let digits = String(rounded(number, precision - exponent)).padStart(precision + 1, '0')
  if (digits.length > precision + 1) {
    digits = digits.slice(0, -1)
    ++exponent
  }
  const fraction = precision === 0 ? '' : '.' + digits.slice(1)
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

const hexadecimal = (value) => {
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : whole(value).toString(16)
}

export function format(pattern, values) {
  let used = 0
  const result = pattern.replace(/%(?:%|(?:\.(\d+))?([a-zA-Z])|)/gs, (clause, digits, letter) => {
    if (clause === '%%') return '%'
    if (used >= values.size) fail('too few values')
    const value = values.get(used++)
    const precision = digits === undefined ? 6 : Number(digits)
    switch (letter) {
      case 's':
        return shown(value)
      case 'd':
        return typeof value === 'number' && !Number.isFinite(value) ? String(value) : String(whole(value))
      case 'f':
      case 'e':
        return formattedDouble(value, letter, precision)
      case 'b':
        return typeof value === 'boolean' ? String(Number(value)) : whole(value).toString(2)
      case 'o':
        return whole(value).toString(8)
      case 'x':
        return hexadecimal(value)
      case 'X':
        return hexadecimal(value).toUpperCase()
      default:
        return fail('no clause')
    }
  })
  return used < values.size ? fail('too many values') : result
}

// -- times

const NANOS = { ns: 1n, us: 1000n, µs: 1000n, ms: 1000000n, s: 1000000000n, m: 60000000000n, h: 3600000000000n }

export function durationFromText(_, text) {
  const [, sign, amounts] =
    /^([+-]?)(0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/.exec(text) ?? fail('no duration')
  let nanos = 0n
  for (const [, digits, decimals = '', unit] of amounts.matchAll(/(\d*)\.?(\d*)(ns|us|µs|ms|s|m|h)/g)) {
    nanos +=
      BigInt(digits || 0) * NANOS[unit] + (BigInt(decimals || 0) * NANOS[unit]) / 10n ** BigInt(decimals.length)
  }
  nanos = within(sign === '-' ? -nanos : nanos, ...INT)
  return create(DurationSchema, { seconds: nanos / 1000000000n, nanos: Number(nanos % 1000000000n) })
}

export function timestampFromText(_, text) {
  const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/i
  const [, local, decimals = '', sign, hours, minutes] = pattern.exec(text) ?? fail('no timestamp')
  const milliseconds = Date.parse(local.toUpperCase() + 'Z')
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString().slice(0, 19) !== local.toUpperCase())
    fail('no day')
  const east = sign ? (sign === '-' ? -60 : 60) * (Number(hours) * 60 + Number(minutes)) : 0
  const seconds = within(BigInt(milliseconds / 1000 - east), -62135596800n, 253402300799n)
  return create(TimestampSchema, { seconds, nanos: Number(decimals.padEnd(9, '0')) })
}

const YEAR_1800 = Date.UTC(1800, 0, 1) / 1000

/** Seconds east of UTC. Before 1800 zones keep what they had then; the calendar asked here is Julian in old times. */
function eastOf(zone, moment) {
  if (zone === 'UTC') return 0
  const seconds = Math.max(moment, YEAR_1800)
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone)
  if (fixed) return (fixed[1] === '-' ? -60 : 60) * (Number(fixed[2]) * 60 + Number(fixed[3]))
  const options = { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' }
  const clock = { hour: 'numeric', minute: 'numeric', second: 'numeric' }
  const shown = new Intl.DateTimeFormat('en-US-u-ca-iso8601', { ...options, ...clock }).formatToParts(
    seconds * 1000,
  )
  const part = (type) => Number(shown.find((one) => one.type === type).value)
  const local = new Date(0)
  local.setUTCFullYear(part('year'), part('month') - 1, part('day'))
  local.setUTCHours(part('hour'), part('minute'), part('second'))
  return local.getTime() / 1000 - seconds
}

/** A timestamp's field as clocks and calendars show it in a zone; every part is rounded down, also before 1970. */
export const timeField =
  (read) =>
  (timestamp, zone = 'UTC') => {
    const seconds = Number(timestamp.message.seconds)
    return BigInt(read(new Date((seconds + eastOf(zone, seconds)) * 1000), timestamp.message.nanos))
  }

export function dayOfYear(date) {
  const newYear = new Date(date)
  newYear.setUTCMonth(0, 1)
  return (date - newYear) / 86400000
}

// Values in one form, so that three engines' outcomes compare as text.
//
// A value is a text of its kind and content: "int 5", "string \"a\"", "list [...]"; an error is "error" and its message
// does not count.

const parts = (items) => '[' + items.join(', ') + ']'

export const real = (number) => 'double ' + (Object.is(number, -0) ? '-0' : String(number))
export const text = (string) => 'string ' + JSON.stringify(string)
export const bytes = (array) => 'bytes ' + Buffer.from(array).toString('hex')
export const list = (items) => 'list ' + parts(items)
/** Of [key, value] pairs; their order does not count. */
export const map = (entries) => 'map ' + parts(entries.map(([key, value]) => `${key}: ${value}`).sort())
export const timestamp = (seconds, nanos) => `timestamp ${BigInt(seconds) * 1000000000n + BigInt(nanos)}`
export const duration = (seconds, nanos) => `duration ${BigInt(seconds) * 1000000000n + BigInt(nanos)}`

/** Nanoseconds of ".5". */
const nanosOf = (fraction) => Number((fraction ?? '').padEnd(9, '0'))

function timeOf({ '@type': type, value }) {
  if (type.endsWith('Duration')) {
    const [, sign, seconds, fraction] = /^(-?)(\d+)(?:\.(\d+))?s$/.exec(value)
    const factor = sign ? -1 : 1
    return duration(BigInt(seconds) * BigInt(factor), nanosOf(fraction) * factor)
  }
  const [, seconds, fraction] = /^([^.Z]*)(?:\.(\d+))?Z$/.exec(value)
  return timestamp(Date.parse(seconds + 'Z') / 1000, nanosOf(fraction))
}

/** From the specification's Value as JSON, with doubles as texts. */
export function ofSpecification(value) {
  const [kind, content] = Object.entries(value)[0]
  switch (kind) {
    case 'nullValue':
      return 'null'
    case 'boolValue':
      return 'bool ' + content
    case 'int64Value':
      return 'int ' + content
    case 'uint64Value':
      return 'uint ' + content
    case 'doubleValue':
      return real(doubleOf(content))
    case 'stringValue':
      return text(content)
    case 'bytesValue':
      return bytes(Buffer.from(content, 'base64'))
    case 'typeValue':
      return 'type ' + content
    case 'listValue':
      return list((content.values ?? []).map(ofSpecification))
    case 'mapValue':
      return map((content.entries ?? []).map((e) => [ofSpecification(e.key), ofSpecification(e.value)]))
    case 'objectValue':
      return timeOf(content)
    default:
      throw new Error('no value: ' + JSON.stringify(value))
  }
}

/** "inf" and "nan" are how C++ writes them. */
export function doubleOf(content) {
  const named = { inf: Infinity, '-inf': -Infinity, nan: NaN, '-nan': NaN }
  return content in named ? named[content] : Number(content)
}

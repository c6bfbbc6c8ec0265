// Random expressions with variables. Each is made for a type, so that most have a value; now and then a part of another
// type is put in, so that some have none.

import { Random } from './random.mjs'

const INTS = [
  '0', '1', '-1', '2', '3', '7', '10', '-5', '100', '9223372036854775807', '-9223372036854775808', '9007199254740993',
  '4611686018427387904', '-9223372036854775807', '9007199254740992', '3037000500',
]
const UINTS = ['0', '1', '2', '3', '7', '10', '18446744073709551615', '9223372036854775808', '9007199254740993']
const DOUBLES = [
  '0.0', '-0.0', '0.5', '1.0', '-1.5', '2.5', '3.0', '1e21', '1e-7', '123456.789', '9007199254740992.0',
  '9223372036854775808.0', '-9223372036854775808.0', '18446744073709551616.0', '1.7976931348623157e308', '5e-324', '0.1',
]
const SPECIAL_DOUBLES = ['NaN', 'Infinity', '-Infinity']
const TEXTS = [
  '', 'a', 'b', 'abc', 'abcabc', 'Straße', 'αβγ', ' pad ', 'A-Z', 'true', 'False', '1', '-5', '1.5', '1e3', '0x1f', '+7',
  '1h30m', '-1.5s', '2009-02-13T23:31:30Z', 'a,b,,c', 'x\ny', '"q"', '\\', '%', '🐱x', 'naïve café', ' 42 ', 'NaN',
]
const PATTERNS = ['a', '^a', 'b$', '[a-c]+', 'a|b', '(ab)*c', '\\\\d+', '.', '', 'x?', '(?i)ABC', '\\\\bpad', 'é', '(', '[', 'a{2,1}']
const TIMESTAMPS = [
  '1970-01-01T00:00:00Z', '2009-02-13T23:31:30Z', '2024-02-29T12:34:56.789Z', '1969-12-31T23:59:59.999999999Z',
  '9999-12-31T23:59:59.999999999Z', '0001-01-01T00:00:00Z', '2024-03-31T01:30:00+02:00', '1900-03-01T00:00:00Z',
  '2023-10-29T00:59:59.5Z', '2024-12-31T23:59:59Z', '2024-13-01T00:00:00Z', '2023-02-29T00:00:00Z',
]
const DURATIONS = [
  '0s', '1s', '-1s', '1.5s', '-0.5s', '1h30m', '100ms', '1us', '1ns', '9223372036s', '-9223372036s', '24h', '1m1.001s',
  '9223372036.854775807s', '9223372037s', '1d', '', '5',
]
const ZONES = ['UTC', '+02:00', '-09:30', '02:00', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Sydney']
const SCALARS = ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'timestamp', 'duration', 'null']

const quoted = (text) =>
  "'" + text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n') + "'"

/// Makes one expression; `scope` holds the loop variables of a moment.
class ExpressionMaker {
  constructor(random) {
    this.random = random
    this.scope = []
    this.variables = new Map()
    this.loops = 0
  }

  /** Source text of an expression of the type, most of the time. */
  make(type, depth) {
    if (this.random.chance(2)) return this.make(this.random.pick(SCALARS), Math.max(0, depth - 1))
    if (depth <= 0) return this.leaf(type)
    if (this.random.chance(12)) return this.any(type, depth - 1)
    const list = /^list\((.*)\)$/.exec(type)
    if (list) return this.list(list[1], depth - 1)
    if (type.startsWith('map(')) return this.map(type, depth - 1)
    return this[type](depth - 1)
  }

  /** Ways to any type. */
  any(type, depth) {
    const make = (wanted) => this.make(wanted, depth)
    return this.random.pick([
      () => `(${make('bool')} ? ${make(type)} : ${make(type)})`,
      () => `[${make(type)}, ${make(type)}][${this.random.pick(['0', '1', 'dyn(1u)', 'dyn(1.0)', '2', make('int')])}]`,
      () => `{'k': ${make(type)}}${this.random.pick(['.k', "['k']", '.x'])}`,
      () => `dyn(${make(type)})`,
      () => this.bind(type, depth),
      () => this.leaf(type),
    ])()
  }

  bind(type, depth) {
    const bound = this.random.pick(SCALARS)
    return this.within(bound, (name) => [this.make(bound, depth), this.inside(name, bound, () => this.make(type, depth))], (name, [value, rest]) =>
      `cel.bind(${name}, ${value}, ${rest})`)
  }
  within(type, parts, join) {
    const name = `v${this.loops++}`
    return join(name, parts(name))
  }
  inside(name, type, make) {
    this.scope.push({ name, type })
    const made = make()
    this.scope.pop()
    return made
  }

  leaf(type) {
    const known = this.scope.filter((variable) => variable.type === type)
    if (known.length > 0 && this.random.chance(60)) return this.random.pick(known).name
    if (this.random.chance(35)) return this.variable(type)
    return this.literal(type)
  }

  literal(type) {
    const { random } = this
    const list = /^list\((.*)\)$/.exec(type)
    if (list) return '[' + this.times(3, () => this.literal(list[1])).join(', ') + ']'
    if (type.startsWith('map(')) return `{'a': ${this.literal(type.slice(12, -1))}, 'b': ${this.literal(type.slice(12, -1))}}`
    switch (type) {
      case 'int': return random.pick(INTS)
      case 'uint': return random.pick(UINTS) + 'u'
      case 'double': return random.chance(10) ? `double('${random.pick(SPECIAL_DOUBLES)}')` : random.pick(DOUBLES)
      case 'bool': return random.pick(['true', 'false'])
      case 'string': return quoted(random.pick(TEXTS))
      case 'bytes': return 'b' + random.pick(["''", "'abc'", "'\\xff'", "'\\x00a'", "'ÿ'"])
      case 'timestamp': return random.chance(20) ? `timestamp(${random.pick(INTS)})` : `timestamp('${random.pick(TIMESTAMPS)}')`
      case 'duration': return `duration('${random.pick(DURATIONS)}')`
      case 'type': return random.pick(['int', 'string', 'list', 'google.protobuf.Duration', 'null_type'])
      default: return 'null'
    }
  }

  times(most, make) {
    return Array.from({ length: this.random.below(most + 1) }, make)
  }

  /** A variable of the type, its value in the form of the specification's Value. */
  variable(type) {
    const name = 'x_' + type.replace(/\W+/g, '_')
    if (!this.variables.has(name)) {
      const value = this.value(type)
      if (value === null) return this.literal(type)
      this.variables.set(name, { type, value })
    }
    return name
  }
  value(type) {
    const { random } = this
    const list = /^list\((.*)\)$/.exec(type)
    if (list) return { listValue: { values: this.times(3, () => this.value(list[1])).filter(Boolean) } }
    if (type.startsWith('map(')) {
      const value = this.value(type.slice(12, -1))
      return value && { mapValue: { entries: [{ key: { stringValue: 'a' }, value }] } }
    }
    switch (type) {
      case 'int': return { int64Value: random.pick(INTS) }
      case 'uint': return { uint64Value: random.pick(UINTS) }
      case 'double': return { doubleValue: random.pick(random.chance(10) ? SPECIAL_DOUBLES : DOUBLES) }
      case 'bool': return { boolValue: random.chance(50) }
      case 'string': return { stringValue: random.pick(TEXTS) }
      case 'bytes': return { bytesValue: random.pick(['', 'YWJj', '/w==']) }
      case 'null': return { nullValue: null }
      default: return null
    }
  }

  arithmetic(type, depth, operators) {
    return `(${this.make(type, depth)} ${this.random.pick(operators)} ${this.make(type, depth)})`
  }

  int(depth) {
    const make = (type) => this.make(type, depth)
    const { random } = this
    return random.pick([
      () => this.arithmetic('int', depth, ['+', '-', '*', '/', '%']),
      () => this.arithmetic('int', depth, ['+', '-', '*', '/', '%']),
      () => `-(${make('int')})`,
      () => `size(${make(random.pick(['string', 'bytes', 'list(int)', 'map(string, int)']))})`,
      () => `${this.target('string', depth)}.size()`,
      () => `int(${make(random.pick(['uint', 'double', 'string', 'timestamp', 'int']))})`,
      () => `${this.target('string', depth)}.${random.pick(['indexOf', 'lastIndexOf'])}(${make('string')}${random.chance(40) ? `, ${make('int')}` : ''})`,
      () => `${this.target('timestamp', depth)}.${random.pick(['getFullYear', 'getMonth', 'getDayOfYear', 'getDayOfMonth', 'getDate', 'getDayOfWeek', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'])}(${random.chance(50) ? `'${random.pick(ZONES)}'` : ''})`,
      () => `${this.target('duration', depth)}.${random.pick(['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'])}()`,
    ])()
  }
  /** Something to call a method on: literals of numbers and operators need parentheses. */
  target(type, depth) {
    return `(${this.make(type, depth)})`
  }

  uint(depth) {
    return this.random.pick([
      () => this.arithmetic('uint', depth, ['+', '-', '*', '/', '%']),
      () => `uint(${this.make(this.random.pick(['int', 'double', 'string', 'uint']), depth)})`,
    ])()
  }

  double(depth) {
    return this.random.pick([
      () => this.arithmetic('double', depth, ['+', '-', '*', '/']),
      () => `-(${this.make('double', depth)})`,
      () => `double(${this.make(this.random.pick(['int', 'uint', 'string', 'double']), depth)})`,
    ])()
  }

  bool(depth) {
    const { random } = this
    const make = (type) => this.make(type, depth)
    const numbers = ['int', 'uint', 'double']
    const ordered = random.pick(['int', 'uint', 'double', 'string', 'bytes', 'bool', 'timestamp', 'duration'])
    const scalar = random.pick(SCALARS)
    return random.pick([
      () => `(${make('bool')} && ${make('bool')})`,
      () => `(${make('bool')} || ${make('bool')})`,
      () => `!(${make('bool')})`,
      () => `(${make(ordered)} ${random.pick(['<', '<=', '>', '>='])} ${make(ordered)})`,
      () => `(dyn(${make(random.pick(numbers))}) ${random.pick(['<', '<=', '>', '>='])} ${make(random.pick(numbers))})`,
      () => `(${make(scalar)} ${random.pick(['==', '!='])} ${make(scalar)})`,
      () => `(dyn(${make(random.pick(numbers))}) ${random.pick(['==', '!='])} ${make(random.pick(numbers))})`,
      () => `(dyn(${make(random.pick(SCALARS))}) == ${make(random.pick(SCALARS))})`,
      () => `(${make(`list(${scalar})`)} == ${make(`list(${scalar})`)})`,
      () => `(${make('map(string, int)')} == ${make('map(string, int)')})`,
      () => `(${make(scalar)} in ${make(`list(${scalar})`)})`,
      () => `(dyn(${make(random.pick(numbers))}) in ${make(`list(${random.pick(numbers)})`)})`,
      () => `(${make('string')} in ${make('map(string, int)')})`,
      () => `(${make(random.pick(numbers))} in {1: 'a', 2u: 'b', 7: 'c'})`,
      () => `${this.target('string', depth)}.${random.pick(['startsWith', 'endsWith', 'contains'])}(${make('string')})`,
      () => `${this.target('string', depth)}.matches('${random.pick(PATTERNS)}')`,
      () => this.loop(random.pick(['exists', 'all', 'exists_one']), depth),
      () => `has({'a': ${make('int')}}.${random.pick(['a', 'b'])})`,
      () => `bool(${make(random.pick(['string', 'bool']))})`,
      () => `(type(${make(random.pick(SCALARS))}) == type(${make(random.pick(SCALARS))}))`,
    ])()
  }

  loop(macro, depth) {
    const type = this.random.pick(['int', 'string', 'double', 'uint'])
    const range = this.random.chance(15) ? this.make('map(string, int)', depth) : this.make(`list(${type})`, depth)
    return this.within(type, (name) => this.inside(name, type, () => this.make('bool', depth)), (name, body) =>
      `${range}.${macro}(${name}, ${body})`)
  }

  string(depth) {
    const { random } = this
    const make = (type) => this.make(type, depth)
    const text = () => this.target('string', depth)
    return random.pick([
      () => `(${make('string')} + ${make('string')})`,
      () => `string(${make(random.pick(['int', 'uint', 'double', 'bool', 'bytes', 'timestamp', 'duration', 'string']))})`,
      () => `${text()}.${random.pick(['trim', 'lowerAscii', 'upperAscii'])}()`,
      () => `${text()}.charAt(${make('int')})`,
      () => `${text()}.substring(${make('int')}${random.chance(50) ? `, ${make('int')}` : ''})`,
      () => `${text()}.replace(${make('string')}, ${make('string')}${random.chance(30) ? `, ${make('int')}` : ''})`,
      () => `${make('list(string)')}.join(${random.chance(60) ? make('string') : ''})`,
      () => `strings.quote(${make('string')})`,
      () => this.formatted(depth),
    ])()
  }

  formatted(depth) {
    const clauses = this.times(2, () =>
      this.random.pick([
        ['%s', this.random.pick(['int', 'uint', 'double', 'bool', 'string', 'null', 'timestamp', 'duration', 'list(int)', 'map(string, int)', 'type'])],
        ['%d', this.random.pick(['int', 'uint'])],
        ['%.2f', 'double'], ['%f', 'double'], ['%e', 'double'], ['%.0f', 'double'],
        ['%x', this.random.pick(['int', 'uint', 'string', 'bytes'])],
        ['%X', 'int'], ['%o', 'int'], ['%b', this.random.pick(['int', 'bool'])], ['%%', null],
      ]))
    const values = clauses.filter(([, type]) => type !== null).map(([, type]) => this.make(type, depth))
    if (this.random.chance(5)) values.push(this.make('int', depth))
    return `'${clauses.map(([clause]) => clause).join(' ')}'.format([${values.join(', ')}])`
  }

  bytes(depth) {
    return this.random.pick([
      () => `(${this.make('bytes', depth)} + ${this.make('bytes', depth)})`,
      () => `bytes(${this.make(this.random.pick(['string', 'bytes']), depth)})`,
    ])()
  }

  timestamp(depth) {
    return this.random.pick([
      () => `(${this.make('timestamp', depth)} ${this.random.pick(['+', '-'])} ${this.make('duration', depth)})`,
      () => `(${this.make('duration', depth)} + ${this.make('timestamp', depth)})`,
      () => `timestamp(${this.make(this.random.pick(['int', 'string', 'timestamp']), depth)})`,
    ])()
  }

  duration(depth) {
    return this.random.pick([
      () => `(${this.make('duration', depth)} ${this.random.pick(['+', '-'])} ${this.make('duration', depth)})`,
      () => `(${this.make('timestamp', depth)} - ${this.make('timestamp', depth)})`,
      () => `duration(${this.make(this.random.pick(['string', 'duration']), depth)})`,
    ])()
  }

  null() {
    return 'null'
  }
  type(depth) {
    return `type(${this.make(this.random.pick(SCALARS), depth)})`
  }

  list(element, depth) {
    const { random } = this
    const type = `list(${element})`
    const from = random.pick(['int', 'string', 'uint'])
    const mapped = () =>
      this.within(from, (name) => [this.make(`list(${from})`, depth), this.inside(name, from, () => this.make(element, depth))], (name, [range, body]) =>
        `${range}.map(${name}, ${body})`)
    const filtered = () =>
      this.within(element, (name) => [this.make(type, depth), this.inside(name, element, () => this.make('bool', depth))], (name, [range, body]) =>
        `${range}.filter(${name}, ${body})`)
    const ways = [
      () => '[' + this.times(4, () => this.make(element, depth)).join(', ') + ']',
      () => `(${this.make(type, depth)} + ${this.make(type, depth)})`,
      mapped,
      filtered,
    ]
    if (element === 'string') {
      ways.push(() => `${this.target('string', depth)}.split(${this.make('string', depth)}${random.chance(30) ? `, ${this.make('int', depth)}` : ''})`)
    }
    return random.pick(ways)()
  }

  map(type, depth) {
    const value = type.slice(12, -1)
    const keys = ['a', 'b', 'c', 'k', 'a'].slice(0, this.random.below(this.random.chance(5) ? 6 : 5))
    return '{' + keys.map((key) => `${quoted(key)}: ${this.make(value, depth)}`).join(', ') + '}'
  }
}

const TYPES = ['int', 'uint', 'double', 'bool', 'bool', 'bool', 'string', 'string', 'bytes', 'timestamp', 'duration', 'list(int)', 'list(string)', 'map(string, int)']

/** `count` cases {expression, bindings, types}, the same for the same seed. */
export function* cases(seed, count) {
  const random = new Random(seed)
  for (let i = 0; i < count; ++i) {
    const maker = new ExpressionMaker(random)
    const expression = maker.make(random.pick(TYPES), 1 + random.below(4))
    const bindings = {}
    const types = {}
    for (const [name, { type, value }] of maker.variables) {
      bindings[name] = value
      types[name] = type === 'null' ? 'dyn' : type
    }
    yield { expression, bindings, types }
  }
}

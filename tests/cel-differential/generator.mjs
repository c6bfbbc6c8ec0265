// Random expressions with variables. Each is made for a type, so that most have a value; now and then a part of another
// type is put in, so that some have none.

import {
  INTS,
  UINTS,
  DOUBLES,
  SPECIAL_DOUBLES,
  TEXTS,
  PATTERNS,
  TIMESTAMPS,
  DURATIONS,
  ZONES,
  SCALARS,
} from './literals.mjs'
import { Random } from './random.mjs'

const PLACES = ['0', '1', 'dyn(1u)', 'dyn(1.0)', 'dyn(0.5)', '2', '-1', 'true']
const SEARCHES = ['indexOf', 'lastIndexOf']
const DURATION_FIELDS = ['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds']
const DATE_FIELDS = ['getFullYear', 'getMonth', 'getDayOfYear', 'getDayOfMonth', 'getDate', 'getDayOfWeek']
const TIME_FIELDS = [...DATE_FIELDS, ...DURATION_FIELDS]

const quoted = (text) => "'" + text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n') + "'"

/** What stands for cel.bind( , ) until the expression is written out for an engine. */
const BIND = ['\u{E000}', '\u{E001}', '\u{E002}']
const INNERMOST_BIND =
  /\u{E000}([^\u{E000}-\u{E002}]*)\u{E001}([^\u{E000}-\u{E002}]*)\u{E001}([^\u{E000}-\u{E002}]*)\u{E002}/gu

function writeBinds(expression, write) {
  let written = expression
  for (let before = null; before !== written;) {
    before = written
    written = written.replace(INNERMOST_BIND, (_, name, value, rest) => write(name, value, rest))
  }
  return written
}

/** Makes one expression; `scope` holds the loop variables of a moment. */
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
      () => `[${make(type)}, ${make(type)}][${this.random.pick(PLACES)}]`,
      () => `{'k': ${make(type)}}${this.random.pick(['.k', "['k']", '.x'])}`,
      () => `dyn(${make(type)})`,
      () => this.bind(type, depth),
      () => this.leaf(type),
    ])()
  }

  /** What is bound is a literal, which is no error: that would be told at different moments. */
  bind(type, depth) {
    const bound = this.random.pick(['int', 'uint', 'bool', 'string', 'bytes'])
    const value = this.literal(bound)
    return this.within(
      bound,
      (name) => this.inside(name, bound, () => this.make(type, depth)),
      (name, rest) => BIND[0] + [name, value, rest].join(BIND[1]) + BIND[2],
    )
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
    if (type.startsWith('map('))
      return `{'a': ${this.literal(type.slice(12, -1))}, 'b': ${this.literal(type.slice(12, -1))}}`
    switch (type) {
      case 'int':
        return random.pick(INTS)
      case 'uint':
        return random.pick(UINTS) + 'u'
      case 'double':
        return random.chance(10) ? `double('${random.pick(SPECIAL_DOUBLES)}')` : random.pick(DOUBLES)
      case 'bool':
        return random.pick(['true', 'false'])
      case 'string':
        return quoted(random.pick(TEXTS))
      case 'bytes':
        return 'b' + random.pick(["''", "'abc'", "'\\xff'", "'\\x00a'", "'ÿ'"])
      case 'timestamp':
        return random.chance(20) ? `timestamp(${random.pick(INTS)})` : `timestamp('${random.pick(TIMESTAMPS)}')`
      case 'duration':
        return `duration('${random.pick(DURATIONS)}')`
      case 'type':
        return random.pick(['int', 'string', 'list', 'google.protobuf.Duration', 'null_type'])
      default:
        return 'null'
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
      case 'int':
        return { int64Value: random.pick(INTS) }
      case 'uint':
        return { uint64Value: random.pick(UINTS) }
      case 'double':
        return { doubleValue: random.pick(random.chance(10) ? SPECIAL_DOUBLES : DOUBLES) }
      case 'bool':
        return { boolValue: random.chance(50) }
      case 'string':
        return { stringValue: random.pick(TEXTS) }
      case 'bytes':
        return { bytesValue: random.pick(['', 'YWJj', '/w==']) }
      case 'null':
        return { nullValue: null }
      default:
        return null
    }
  }

  zone() {
    return this.random.chance(50) ? quoted(this.random.pick(ZONES)) : ''
  }
  /** One more argument, sometimes. */
  more(type, depth) {
    return this.random.chance(35) ? `, ${this.make(type, depth)}` : ''
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
      () => `${this.target('string', depth)}.${random.pick(SEARCHES)}(${make('string')}${this.more('int', depth)})`,
      () =>
        `${this.target('timestamp', depth)}.${random.pick(TIME_FIELDS)}(${this.zone()})`,
      () => `${this.target('duration', depth)}.${random.pick(DURATION_FIELDS)}()`,
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
      () =>
        `(dyn(${make(random.pick(numbers))}) ${random.pick(['<', '<=', '>', '>='])} ${make(random.pick(numbers))})`,
      () => `(${make(scalar)} ${random.pick(['==', '!='])} ${make(scalar)})`,
      () => `(dyn(${make(random.pick(numbers))}) ${random.pick(['==', '!='])} ${make(random.pick(numbers))})`,
      () => `(dyn(${make(random.pick(SCALARS))}) == ${make(random.pick(SCALARS))})`,
      () => `(${make(`list(${scalar})`)} == ${make(`list(${scalar})`)})`,
      () => `(${make('map(string, int)')} == ${make('map(string, int)')})`,
      () => `(${make(scalar)} in ${make(`list(${scalar})`)})`,
      () => `(dyn(${make(random.pick(numbers))}) in ${make(`list(${random.pick(numbers)})`)})`,
      () => `(${make('string')} in ${make('map(string, int)')})`,
      () => `(${make(random.pick(numbers))} in {1: 'a', 2u: 'b', 7: 'c'})`,
      () =>
        `${this.target('string', depth)}.${random.pick(['startsWith', 'endsWith', 'contains'])}(${make('string')})`,
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
    return this.within(
      type,
      (name) => this.inside(name, type, () => this.make('bool', depth)),
      (name, body) => `${range}.${macro}(${name}, ${body})`,
    )
  }

  string(depth) {
    const { random } = this
    const make = (type) => this.make(type, depth)
    const text = () => this.target('string', depth)
    return random.pick([
      () => `(${make('string')} + ${make('string')})`,
      () =>
        `string(${make(random.pick(['int', 'uint', 'double', 'bool', 'bytes', 'timestamp', 'duration', 'string']))})`,
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
        [
          '%s',
          this.random.pick([
            'int',
            'uint',
            'double',
            'bool',
            'string',
            'null',
            'timestamp',
            'duration',
            'list(int)',
            'map(string, int)',
            'type',
          ]),
        ],
        ['%d', this.random.pick(['int', 'uint'])],
        ['%.2f', 'double'],
        ['%f', 'double'],
        ['%e', 'double'],
        ['%.0f', 'double'],
        ['%x', this.random.pick(['int', 'uint', 'string', 'bytes'])],
        ['%X', 'int'],
        ['%o', 'int'],
        ['%b', this.random.pick(['int', 'bool'])],
        ['%%', null],
      ]),
    )
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
      this.within(
        from,
        (name) => [this.make(`list(${from})`, depth), this.inside(name, from, () => this.make(element, depth))],
        (name, [range, body]) => `${range}.map(${name}, ${body})`,
      )
    const filtered = () =>
      this.within(
        element,
        (name) => [this.make(type, depth), this.inside(name, element, () => this.make('bool', depth))],
        (name, [range, body]) => `${range}.filter(${name}, ${body})`,
      )
    const ways = [
      () => '[' + this.times(4, () => this.make(element, depth)).join(', ') + ']',
      () => `(${this.make(type, depth)} + ${this.make(type, depth)})`,
      mapped,
      filtered,
    ]
    if (element === 'string') {
      ways.push(
        () => `${this.target('string', depth)}.split(${this.make('string', depth)}${this.more('int', depth)})`,
      )
    }
    return random.pick(ways)()
  }

  map(type, depth) {
    const value = type.slice(12, -1)
    const keys = ['a', 'b', 'c', 'k', 'a'].slice(0, this.random.below(this.random.chance(5) ? 6 : 5))
    return '{' + keys.map((key) => `${quoted(key)}: ${this.make(value, depth)}`).join(', ') + '}'
  }
}

const TYPES = [
  'int',
  'uint',
  'double',
  'bool',
  'bool',
  'bool',
  'string',
  'string',
  'bytes',
  'timestamp',
  'duration',
  'list(int)',
  'list(string)',
  'map(string, int)',
]

/**
 * `count` cases {expression, oracleExpression, bindings, types}, the same for the same seed. The oracle has no
 * cel.bind(): it gets a loop over a list of one instead.
 */
export function* cases(seed, count) {
  const random = new Random(seed)
  for (let i = 0; i < count; ++i) {
    const maker = new ExpressionMaker(random)
    const made = maker.make(random.pick(TYPES), 1 + random.below(4))
    const expression = writeBinds(made, (name, value, rest) => `cel.bind(${name}, ${value}, ${rest})`)
    const oracleExpression = writeBinds(made, (name, value, rest) => `[${value}].map(${name}, ${rest})[0]`)
    const bindings = {}
    const types = {}
    for (const [name, { type, value }] of maker.variables) {
      bindings[name] = value
      types[name] = type.replace('null', 'dyn')
    }
    yield { expression, oracleExpression, bindings, types }
  }
}

// Conditions over entries, as `reeve ledger query` and evidence reports have them: a strict subset of CEL. A comparison
// with a member that is not there is false.

import { Fault } from './note.mjs'

const kToken =
  /\s*(?:(==|!=|<=|>=|&&|\|\||[<>!()[\],.])|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(-?[0-9]+)|([A-Za-z_]\w*))/y
const kEscapes = { n: '\n', r: '\r', t: '\t' }
const kMethods = ['contains', 'startsWith', 'endsWith']
const kRelations = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => typeof a === typeof b && a < b,
  '<=': (a, b) => typeof a === typeof b && a <= b,
  '>': (a, b) => typeof a === typeof b && a > b,
  '>=': (a, b) => typeof a === typeof b && a >= b,
}

function tokensOf(text) {
  const tokens = []
  kToken.lastIndex = 0
  let end = 0
  for (let found; (found = kToken.exec(text)); end = kToken.lastIndex) {
    const [, sign, quoted, number, name] = found
    if (sign) tokens.push({ sign })
    else if (quoted) tokens.push({ value: quoted.slice(1, -1).replace(/\\(.)/g, (_, c) => kEscapes[c] ?? c) })
    else if (number) tokens.push({ value: Number(number) })
    else if (name === 'true' || name === 'false') tokens.push({ value: name === 'true' })
    else tokens.push({ name })
  }
  if (text.slice(end).trim() !== '') throw new Fault(`condition '${text}': what is '${text.slice(end, end + 20)}'?`)
  return tokens
}

const isValue = (member) => ['string', 'number', 'boolean'].includes(typeof member)

class Compiler {
  constructor(text) {
    this.text = text
    this.tokens = tokensOf(text)
    this.at = 0
  }

  compile() {
    const condition = this.#disjunction()
    if (this.at !== this.tokens.length) this.#fail()
    return condition
  }

  #fail() {
    throw new Fault(`condition '${this.text}' is not understood at its word ${this.at + 1}`)
  }
  #take(sign) {
    if (this.tokens[this.at]?.sign !== sign) return false
    this.at += 1
    return true
  }
  #expect(sign) {
    if (!this.#take(sign)) this.#fail()
  }

  #disjunction() {
    const parts = [this.#conjunction()]
    while (this.#take('||')) parts.push(this.#conjunction())
    return (entry) => parts.some((part) => part(entry))
  }
  #conjunction() {
    const parts = [this.#condition()]
    while (this.#take('&&')) parts.push(this.#condition())
    return (entry) => parts.every((part) => part(entry))
  }
  #condition() {
    if (this.#take('(')) return this.#until(this.#disjunction())
    if (this.#take('!')) {
      const inner = this.#condition()
      return (entry) => !inner(entry)
    }
    if (this.tokens[this.at]?.name === 'has' && this.tokens[this.at + 1]?.sign === '(') {
      this.at += 2
      const { member } = this.#path()
      return this.#until((entry) => member(entry) !== undefined)
    }
    return this.#relation()
  }
  #until(condition) {
    this.#expect(')')
    return condition
  }

  #relation() {
    const left = this.#operand()
    if (left.method) {
      this.#expect('(')
      const part = this.tokens[this.at++]?.value
      if (typeof part !== 'string') this.#fail()
      const names = { contains: 'includes', startsWith: 'startsWith', endsWith: 'endsWith' }
      const has = (value) => typeof value === 'string' && value[names[left.method]](part)
      return this.#until((entry) => has(left.member(entry)))
    }
    const { sign, name } = this.tokens[this.at] ?? {}
    if (name === 'in') return this.#membership(left)
    const relation = kRelations[sign]
    if (!relation) return (entry) => left.member(entry) === true
    this.at += 1
    const right = this.#operand()
    return (entry) => {
      const [a, b] = [left.member(entry), right.member(entry)]
      return isValue(a) && isValue(b) && relation(a, b)
    }
  }
  #membership(left) {
    this.at += 1
    const list = this.#operand()
    return (entry) => {
      const [value, items] = [left.member(entry), list.member(entry)]
      return isValue(value) && Array.isArray(items) && items.includes(value)
    }
  }

  #operand() {
    const token = this.tokens[this.at]
    if (token?.value !== undefined) {
      this.at += 1
      return { member: () => token.value }
    }
    if (!this.#take('[')) return this.#path()
    const values = []
    while (!this.#take(']')) {
      if (values.length > 0) this.#expect(',')
      const { value } = this.tokens[this.at++] ?? {}
      if (value === undefined) this.#fail()
      values.push(value)
    }
    return { member: () => values }
  }
  #path() {
    const names = []
    let method = null
    do {
      const { name } = this.tokens[this.at++] ?? {}
      if (name === undefined) this.#fail()
      if (names.length > 0 && kMethods.includes(name) && this.tokens[this.at]?.sign === '(') method = name
      else names.push(name)
    } while (!method && this.#take('.'))
    const own = (value, name) => (value && Object.hasOwn(Object(value), name) ? value[name] : undefined)
    return { member: (entry) => names.reduce(own, entry), method }
  }
}

// A function of an entry (as parsed JSON): whether it meets the condition.
export const compileCondition = (text) => new Compiler(text).compile()

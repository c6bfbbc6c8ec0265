// What the fuzzer writes: texts that nobody should send, values that a schema describes, and what earlier answers told.

// mulberry32: the same seed chooses the same, as far as answers are the same.
function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export class Dice {
  #random
  constructor(seed) {
    this.#random = randomFrom(seed)
  }
  below = (count) => Math.floor(this.#random() * count)
  one = (list) => list[this.below(list.length)]
  chance = (part) => this.#random() < part
}

// prettier-ignore
export const kTexts = [
  '', ' ', 'a', 'each-person', '0', '-1', '1e400', 'NaN', 'null', 'true', '[]', '{}', '*', '**', '"', "'", '\\', '/',
  '..', '../../etc/passwd', '%00', '%', '%zz', '\u0000', '\u0001', '\n', '\r\nX: y', '\u202e', '\ufeff', '\ud800',
  'ß', 'ı', 'İ', '𝕬', '👩‍👩‍👧', 'é'.repeat(300), 'x'.repeat(5000),
  '<script>alert(1)</script>', '=1+1', '+',
  'a b',
  '$5', '$-5', '$99999999999999999999', '7d', '-7d', '0s', '99999999d', '99999999999999999999d', '2026-02-30',
  '2026-13', '0000-00', '9999-99-99T99:99:99Z', '2026-11-23T12:00:00Z', '2026-11-23T12:00:00+01:00',
  '1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '9223372036854775807', '9223372036854775808',
  '-9223372036854775808', '18446744073709551616', 'live', 'all', 'on', 'newest', 'seq > 0', 'seq == 0 || (',
  'kind == "model.intent"', '('.repeat(2000), 'a && '.repeat(500) + 'a', 'model:claude-*', 'person:nobody@example.com',
  'session:x', 'month', "'; DROP TABLE budgets; --", 'person,model', 'person,person', ','.repeat(100),
]
// prettier-ignore
const kNumbers = [
  0, -1, 1, 0.5, -0.0, 1e308, 9007199254740993, 9223372036854775807n, 9223372036854775808n, 18446744073709551616n,
  10n ** 400n, 200, 201,
]
const kIsoNow = new Date().toISOString()
// What a text means where its schema says no more than that it is one.
const kUsual = {
  since: ['1h', '7d', '30d', '90d', kIsoNow],
  until: ['7d', '14d', kIsoNow, '2027-01-01T00:00:00Z'],
  from: ['1d', '30d', kIsoNow.slice(0, 10)],
  to: [kIsoNow.slice(0, 10), kIsoNow],
  month: [kIsoNow.slice(0, 7)],
  by: ['person', 'team', 'model', 'person,model', 'provider'],
  filter: ['seq > 0', 'kind == "model.intent"', 'principal.id == "dev@example.com"', 'cost.nanos > 0'],
  framework: ['soc2', 'all'],
  scope: ['model:claude-*', 'person:nobody@example.com', 'session:x', 'provider:anthropic'],
  checklist: ['security', 'privacy', 'legal'],
  add: ['$5'],
  kind: ['model', 'tool'],
}
// Under another name than it is told.
const kAliases = {
  request_id: ['request'],
  seq: ['decision'],
  appeal: ['seq'],
  name: ['person'],
  person: ['name', 'owner'],
  bundle: ['digest', 'current_bundle', 'recorded_bundle'],
  search: ['person', 'name'],
  text: ['title', 'id'],
}
const kKeptMax = 60

// What answers told: values by the name of their member, ids by the path of their route, cursors, and ETags by path.
export class Known {
  #members = new Map()
  #ids = new Map()
  #digests = new Map()
  #waiting = new Set() // ids of what somebody can decide about now
  etags = new Map()
  cursors = ['0', '1']
  // `forbidden`: values that would end what the fuzzer itself needs, such as the ids of its keys.
  constructor(dice, forbidden) {
    this.dice = dice
    this.forbidden = forbidden
  }
  #keep(pools, name, value) {
    const pool = pools.get(name) ?? pools.set(name, []).get(name)
    if (pool.includes(value)) return
    if (pool.length < kKeptMax) pool.push(value)
    else pool[this.dice.below(kKeptMax)] = value
  }
  learn(operation, where, answer, body) {
    const etag = /^etag: *(\S+)/im.exec(answer.head)?.[1]
    if (etag) this.etags.set(where.split('?')[0], etag)
    if (typeof body.next === 'string') {
      this.cursors.push(body.next)
      if (this.cursors.length > kKeptMax) this.cursors.shift()
    }
    const base = operation.path.split('/{')[0]
    const walk = (value, depth) => {
      if (depth > 6 || value === null || typeof value !== 'object') return
      if (typeof value.id === 'string' && typeof value.digest === 'string')
        this.#digests.set(value.id, value.digest)
      if (typeof value.id === 'string' && value.state === 'in_review') this.#waiting.add(value.id)
      else if (typeof value.state === 'string') this.#waiting.delete(value.id)
      for (const [name, item] of Object.entries(value).slice(0, 60)) {
        const plain = typeof item === 'string' ? item : Number.isSafeInteger(item) ? String(item) : undefined
        if (plain === undefined) walk(item, depth + 1)
        else if (plain !== '' && plain.length <= 200 && !this.forbidden.has(plain) && !Array.isArray(value)) {
          this.#keep(this.#members, name, plain)
          // Deeper are ids of parts, such as questions.
          if (depth <= 2) this.#keep(this.#ids, `${base} ${name}`, plain)
        }
      }
    }
    walk(body, 0)
  }
  #of(pools, names) {
    const found = names.map((name) => pools.get(name)).filter((pool) => pool?.length > 0)
    return found.length === 0 ? undefined : this.dice.one(this.dice.one(found))
  }
  member(name) {
    return this.#of(this.#members, [name, ...(kAliases[name] ?? [])])
  }
  // Of what stands in braces in a path below `base`.
  named(base, name) {
    const waiting = [...this.#waiting].slice(-kKeptMax)
    if (base === '/api/v1/intake' && waiting.length > 0 && this.dice.chance(0.7)) return this.dice.one(waiting)
    return this.#of(
      this.#ids,
      [name, ...(kAliases[name] ?? [])].map((one) => `${base} ${one}`),
    )
  }
  digestOf(id) {
    return this.#digests.get(id)
  }
}

// Writes values after the schemas of a contract.
export class Values {
  constructor(dice, contract, known) {
    Object.assign(this, { dice, contract, known })
  }

  absurd(depth = 0) {
    const { one, below } = this.dice
    const kind = below(depth > 3 ? 4 : 6)
    if (kind === 0 || kind === 3) return one(kTexts)
    if (kind === 1) return one(kNumbers)
    if (kind === 2) return one([null, true, false])
    if (kind === 4) return Array.from({ length: below(4) }, () => this.absurd(depth + 1))
    return Object.fromEntries(Array.from({ length: below(4) }, () => [one(kTexts), this.absurd(depth + 1)]))
  }

  #text(name) {
    const { one, chance } = this.dice
    if (name === 'cursor' && chance(0.6)) return one(this.known.cursors)
    if (kUsual[name] && chance(0.6)) return one(kUsual[name])
    const told = chance(0.6) ? this.known.member(name) : undefined
    return told ?? one(kTexts)
  }

  // What the schema describes, most of the time. `name`: of the member or parameter.
  likely(schema, name = '', depth = 0, wrong = 0.06) {
    const { one, chance, below } = this.dice
    if (chance(wrong) || depth > 6) return this.absurd()
    if (schema.$ref) {
      const shape = this.contract.document.components.schemas[schema.$ref.split('/').pop()]
      return this.likely(shape, name, depth + 1, wrong)
    }
    if (schema.examples && chance(0.5)) return structuredClone(one(schema.examples))
    if (schema.anyOf ?? schema.oneOf)
      return this.likely(one(schema.anyOf ?? schema.oneOf), name, depth + 1, wrong)
    if (schema.enum) return one(schema.enum)
    const type = Array.isArray(schema.type) ? one(schema.type) : schema.type
    if (type === 'integer' || type === 'number') {
      if (schema.minimum !== undefined && chance(0.6)) {
        return schema.minimum + below((schema.maximum ?? schema.minimum + 100) - schema.minimum + 1)
      }
      return one(kNumbers)
    }
    if (type === 'boolean') return chance(0.5)
    if (type === 'array') {
      return Array.from({ length: below(4) }, () => this.likely(schema.items ?? {}, name, depth + 1, wrong))
    }
    if (type === 'string') return this.#text(name)
    if (type !== 'object' || !schema.properties) return this.absurd()
    const required = new Set(schema.required ?? [])
    const members = Object.entries(schema.properties).filter(([key]) => chance(required.has(key) ? 0.97 : 0.3))
    const value = Object.fromEntries(
      members.map(([key, member]) => [key, this.likely(member, key, depth + 1, wrong)]),
    )
    if (chance(wrong)) value[one(kTexts)] = this.absurd()
    return value
  }

  // Numbers beyond a double as they are; now and then a member twice, a text that is cut off, or no UTF-8.
  written(value) {
    const { chance, below, one } = this.dice
    const marked = (_, item) => (typeof item === 'bigint' ? `#${item}#` : item)
    let text = JSON.stringify(value, marked).replace(/"#(-?\d+)#"/g, '$1')
    if (chance(0.04)) text = text.replace(/^\{("(?:[^"\\]|\\.)*":)/, '{$1null,$1')
    if (chance(0.03)) text = text.slice(0, below(text.length + 1))
    if (chance(0.02)) text = `${one(['[', '{"a":']).repeat(one([100, 100_000]))}${text}`
    if (chance(0.01)) text = `\ufeff${text}`
    if (chance(0.01)) return Buffer.from(text, 'utf16le')
    if (chance(0.01)) return Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xc0, 0xaf, 0x00])])
    return Buffer.from(text)
  }

  encoded(text, inQuery = false) {
    const { chance, one } = this.dice
    if (chance(0.05))
      return one(['%', '%0', '%zz', '%00', '%ff', '%c3%28', '%2e%2e', '%c0%af', '%25%32%35', '%ed%a0%80'])
    const plain = encodeURIComponent(text.toWellFormed())
    if (inQuery && chance(0.5)) return plain.replaceAll('%20', '+')
    return chance(0.1) ? plain.replace(/[a-z]/, (c) => `%${c.charCodeAt(0).toString(16)}`) : plain
  }
}

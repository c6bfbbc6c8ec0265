// Turns the data of @pydantic/genai-prices into the C++ tables of src/spend/catalogue_data.h.
//
//   node build.mjs PACKAGE_DIR OUTPUT.cpp
//
// PACKAGE_DIR is where the npm package lies. Everything is checked here, at build time: a price that is not a whole
// number of nano-dollars per million, an unknown kind of match or constraint stops the build and names the model.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { nanosPer } from './rates.mjs'

const MATCHES = {
  equals: 'kEquals',
  starts_with: 'kStartsWith',
  ends_with: 'kEndsWith',
  contains: 'kContains',
  regex: 'kRegex',
  or: 'kAnyOf',
  and: 'kAllOf',
}

// Rates per million tokens, in the order of RateKind in catalogue_data.h.
const TOKEN_RATES = [
  'input_mtok',
  'output_mtok',
  'cache_read_mtok',
  'cache_write_mtok',
  'cache_write_1h_mtok',
  'output_reasoning_mtok',
  'input_audio_mtok',
  'output_audio_mtok',
]

// Prices of things that a model call's usage does not count in this version (docs/metering.md says so).
const NOT_METERED = new Set([
  'audio_hours',
  'input_audio_hours',
  'cache_audio_read_mtok',
  'cache_image_read_mtok',
  'input_image_mtok',
  'output_image_mtok',
  'input_video_mtok',
  'output_video_mtok',
  'input_document_kpages',
  'input_annotated_document_kpages',
  'input_text_messages_kcount',
  'storage_searches_kcount',
  'output_citation_mtok',
])

// Thirds that the package holds as binary fractions. They are rounded up to the next nano-dollar per million tokens,
// which is less than a nano-dollar on any call of a million tokens.
const ROUNDED_UP = new Map([['openrouter cache_write_mtok 0.08333333333333334', 83_333_334n]])

const text = (s) => JSON.stringify(s) // package texts are ASCII; checked in emit()

class Tables {
  matches = []
  tiers = []
  prices = []
  models = []
  providers = []

  /** Adds a match in preorder; returns where it begins. */
  match(logic, who) {
    const keys = Object.keys(logic)
    const kind = MATCHES[keys[0]]
    if (keys.length !== 1 || !kind) throw new Error(`${who}: unknown match ${JSON.stringify(logic)}`)
    const at = this.matches.length
    this.matches.push(undefined)
    const operand = logic[keys[0]]
    if (Array.isArray(operand)) {
      for (const part of operand) this.match(part, who)
    } else if (keys[0] === 'regex') {
      new RegExp(operand)
    }
    const literal = Array.isArray(operand) ? '' : keys[0] === 'regex' ? operand : operand.toLowerCase()
    this.matches[at] = `{MatchKind::${kind}, ${this.matches.length - at}, ${text(literal)}}`
    return at
  }

  rate(value, provider, model, key) {
    const nanos = nanosPer(value, 1, 1) ?? ROUNDED_UP.get(`${provider} ${key} ${value}`)
    if (nanos === undefined) {
      throw new Error(`${provider} ${model}: ${key} ${value} is not a whole number of nano-dollars per million`)
    }
    return nanos
  }

  tokenRate(value, provider, model, key) {
    if (value === undefined) return '{-1, 0, 0}'
    if (typeof value === 'number') return `{${this.rate(value, provider, model, key)}, 0, 0}`
    const begin = this.tiers.length
    const tiers = [...value.tiers].sort((a, b) => a.start - b.start)
    for (const tier of tiers) {
      if (!Number.isSafeInteger(tier.start)) throw new Error(`${provider} ${model}: ${key} has a tier at ${tier.start}`)
      this.tiers.push(`{${tier.start}, ${this.rate(tier.price, provider, model, key)}}`)
    }
    return `{${this.rate(value.base, provider, model, key)}, ${begin}, ${tiers.length}}`
  }

  perThousand(value, provider, model, key) {
    if (value === undefined) return -1
    const nanos = nanosPer(value, 1000, 1)
    if (nanos === undefined) throw new Error(`${provider} ${model}: ${key} ${value} is not whole nano-dollars each`)
    return nanos
  }

  constraint(constraint, who) {
    if (constraint === undefined) return '-1, -1, -1'
    if (constraint.type === 'start_date') {
      const seconds = Date.parse(`${constraint.start_date}T00:00:00Z`) / 1000
      if (!Number.isInteger(seconds)) throw new Error(`${who}: cannot read ${JSON.stringify(constraint)}`)
      return `${seconds}, -1, -1`
    }
    if (constraint.type === 'time_of_date') {
      return `-1, ${secondOfDay(constraint.start_time, who)}, ${secondOfDay(constraint.end_time, who)}`
    }
    throw new Error(`${who}: unknown constraint ${JSON.stringify(constraint)}`)
  }

  price(entry, provider, model) {
    const who = `${provider} ${model}`
    for (const key of Object.keys(entry.prices)) {
      const known =
        TOKEN_RATES.includes(key) || NOT_METERED.has(key) || key === 'requests_kcount' || key === 'web_searches_kcount'
      if (!known) throw new Error(`${who}: unknown price ${key}`)
    }
    // A model that says it is free has no prices; any other without a price for input tokens is not priced by tokens,
    // and costs what an unknown model costs.
    const free = Object.keys(entry.prices).length === 0 && model.endsWith(':free')
    const prices = free ? { input_mtok: 0, output_mtok: 0 } : entry.prices
    const rates = TOKEN_RATES.map((key) => this.tokenRate(prices[key], provider, model, key))
    const perRequest = this.perThousand(prices.requests_kcount, provider, model, 'requests_kcount')
    const perSearch = this.perThousand(prices.web_searches_kcount, provider, model, 'web_searches_kcount')
    const when = this.constraint(entry.constraint, who)
    this.prices.push(`{${when}, {{${rates.join(', ')}}}, ${perRequest}, ${perSearch}}`)
  }

  model(model, provider) {
    const match = this.match(model.match, `${provider} ${model.id}`)
    const begin = this.prices.length
    const entries = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
    for (const entry of entries) this.price(entry, provider, model.id)
    const window = model.context_window ?? 0
    if (!Number.isSafeInteger(window) || window < 0) throw new Error(`${provider} ${model.id}: context of ${window}`)
    this.models.push(`{${text(model.id)}, ${match}, ${begin}, ${entries.length}, ${window}}`)
  }

  provider(provider) {
    const begin = this.models.length
    for (const model of provider.models) this.model(model, provider.id)
    const id = provider.id
    const providerMatch = provider.provider_match ? this.match(provider.provider_match, id) : -1
    const modelMatch = provider.model_match ? this.match(provider.model_match, id) : -1
    const fallbacks = (provider.fallback_model_providers ?? []).join(' ')
    this.providers.push(
      `{${text(id)}, ${text(fallbacks)}, ${providerMatch}, ${modelMatch}, ${begin}, ${provider.models.length}}`,
    )
  }

  emit(version) {
    const array = (type, name, rows) =>
      `constexpr ${type} ${name}_rows[] = {\n${rows.map((row) => `    ${row},\n`).join('')}};\n` +
      `constinit const std::span<const ${type}> ${name}(${name}_rows);\n\n`
    const source =
      `// Generated by tools/prices/build.mjs from @pydantic/genai-prices ${version} (MIT). Do not edit.\n\n` +
      '#include "spend/catalogue_data.h"\n\nnamespace reeve::spend::data {\n\n' +
      `constinit const std::string_view version = ${text(`genai-prices ${version}`)};\n\n` +
      array('MatchNode', 'match_nodes', this.matches) +
      array('Tier', 'tiers', this.tiers) +
      array('Price', 'prices', this.prices) +
      array('Model', 'models', this.models) +
      array('Provider', 'providers', this.providers) +
      '}  // namespace reeve::spend::data\n'
    // eslint-disable-next-line no-control-regex
    if (/[^\x00-\x7f]/.test(source)) throw new Error('a name in the price data is not ASCII')
    return source
  }
}

function secondOfDay(time, who) {
  const match = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z$/.exec(time)
  if (!match) throw new Error(`${who}: cannot read the time of day ${time}`)
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])
}

const [packageDir, output] = process.argv.slice(2)
const manifest = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'))
const { waitForUpdate } = await import(pathToFileURL(join(packageDir, manifest.module)))
const tables = new Tables()
for (const provider of await waitForUpdate()) tables.provider(provider)
writeFileSync(output, tables.emit(manifest.version))

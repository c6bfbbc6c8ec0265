// What a call costs, computed apart from Reeve: rates from the npm package @pydantic/genai-prices as it chooses them,
// arithmetic in whole numbers, the rules of docs/metering.md.

import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const kMillion = 1_000_000n

// Dollars as nano-dollars; the number's shortest decimal text is what the price list says.
function nanosOf(dollars) {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(String(dollars))
  if (!match) throw new Error(`not a price of at most nine decimals: ${dollars}`)
  return BigInt(match[1] + (match[2] ?? '').padEnd(9, '0'))
}

// The factors that docs/metering.md states for the models of the workload, in thousandths.
function tierFactor(vendor, model, tier) {
  const factors = {
    anthropic: { batch: 500, fast: model.startsWith('claude-opus-4-6') ? 6000 : 2000 },
    openai: { batch: 500, flex: 500, priority: model.startsWith('gpt-5-mini') ? 1800 : 2000 },
    google: { batch: 500, flex: 500, priority: 1800 },
    unknown: { flex: 1000, priority: 2500, fast: 2500 },
  }
  return BigInt(factors[vendor][tier] ?? 1000)
}

export class ExactCost {
  #calcPrice
  #unknown

  // `folder`: where the package lies. `unknown`: {input, output} dollars per million for models that it does not know.
  static async load(folder, unknown) {
    const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
    const { calcPrice } = await import(pathToFileURL(path.join(folder, manifest.module)))
    const exact = new ExactCost()
    exact.#calcPrice = calcPrice
    // Cache writes of a model that nobody knows cost what the dearest known vendor asks for them.
    exact.#unknown = {
      input_mtok: unknown.input,
      output_mtok: unknown.output,
      cache_write_mtok: unknown.input * 1.25,
      cache_write_1h_mtok: unknown.input * 2,
    }
    return exact
  }

  // {rates, vendor}: of the model that answered, else of the one that was asked for.
  #find(vendor, served, asked, when) {
    for (const model of [served, asked]) {
      const options = { providerId: vendor, timestamp: when }
      const found = this.#calcPrice({ input_tokens: 1, output_tokens: 1 }, model, options)
      if (found) return { rates: found.model_price, vendor, model: found.model.id }
    }
    return { rates: this.#unknown, vendor: 'unknown', model: asked }
  }

  // Nano-dollars of one attempt, rounded half up once. `usage` in disjoint kinds as in tests/upstream/plan.mjs.
  nanos({ vendor, served, asked, when, tier, usage }) {
    const found = this.#find(vendor, served, asked, when)
    const { rates } = found
    const inputTotal = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
    const rateOf = (...names) => {
      const rate = names.map((name) => rates[name]).find((value) => value !== undefined)
      if (rate === undefined) return 0n
      if (typeof rate === 'number') return nanosOf(rate)
      const reached = rate.tiers.filter(({ start }) => inputTotal > start).sort((a, b) => b.start - a.start)
      return nanosOf(reached[0]?.price ?? rate.base)
    }
    const times = (tokens, ...names) => BigInt(tokens) * rateOf(...names)
    const plainOutput = usage.output - usage.reasoning - usage.output_audio
    const tokens =
      times(usage.input - usage.input_audio, 'input_mtok') +
      times(usage.input_audio, 'input_audio_mtok', 'input_mtok') +
      times(usage.cache_read, 'cache_read_mtok', 'input_mtok') +
      times(usage.cache_write_5m, 'cache_write_mtok', 'input_mtok') +
      times(usage.cache_write_1h, 'cache_write_1h_mtok', 'cache_write_mtok', 'input_mtok') +
      times(plainOutput, 'output_mtok', 'input_mtok') +
      times(usage.reasoning, 'output_reasoning_mtok', 'output_mtok', 'input_mtok') +
      times(usage.output_audio, 'output_audio_mtok', 'output_mtok', 'input_mtok')
    const searches = (BigInt(usage.web_searches) * nanosOf(rates.web_searches_kcount ?? 0)) / 1000n
    const requests = nanosOf(rates.requests_kcount ?? 0) / 1000n
    const scale = kMillion * 1000n
    // Anthropic's priority tier is bought ahead; its tokens count at list price.
    const factor = vendor === 'anthropic' && tier === 'priority' ? 1000n : tierFactor(found.vendor, found.model, tier)
    const sum = tokens * factor + (searches + requests) * scale
    return (sum + scale / 2n) / scale
  }
}

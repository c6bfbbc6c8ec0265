// Evidence reports, docs/evidence.md: every figure counted again from the entries of the pack, by the conditions that
// the report states for it.

import { compileCondition } from './conditions.mjs'
import { sha256, toHex } from './hash.mjs'
import { Fault, toBase64 } from './note.mjs'

export const kReportFormat = 'reeve-evidence-report@1'

// Ascending indexes as [[first, count]].
function rangesOf(indexes) {
  const ranges = []
  for (const index of indexes) {
    const last = ranges.at(-1)
    if (last && last[0] + last[1] === index) last[1] += 1
    else ranges.push([index, 1])
  }
  return ranges
}

function* indexesOf(ranges) {
  for (const [first, count] of ranges) for (let i = 0; i < count; i++) yield first + i
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

function lowest(root, name, indexes, size) {
  const rank = (index) => toHex(sha256(new TextEncoder().encode(`${root}\n${name}\n${index}`)))
  const ranked = indexes.map((index) => ({ index, rank: rank(index) }))
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, size).map(({ index }) => index)
}

class Recount {
  // `entries`: [{index, entry}] of the pack, in order.
  constructor(report, entries, checkpoint, problems) {
    Object.assign(this, { report, problems, figures: 0 })
    this.root = toBase64(checkpoint.root)
    const { from, until } = report.period
    this.entries = entries.filter(({ entry }) => entry.time >= from && entry.time < until)
    if (report.log.root !== this.root || report.log.size !== checkpoint.size) {
      problems.push('report.json: is about another checkpoint than the one in the pack')
    }
  }

  #compare(claimed, indexes, what) {
    this.figures += 1
    const ranges = rangesOf(indexes)
    if (claimed.count === indexes.length && same(claimed.ranges, ranges)) return
    this.problems.push(`report.json: ${what}: says ${claimed.count}, counted are ${indexes.length} entries`)
  }

  #compareSamples(samples, name, indexes) {
    const expected = lowest(this.root, name, indexes, this.report.sampling.size)
    const shown = samples.map(({ index }) => index)
    if (!same(shown, expected)) this.problems.push(`report.json: samples of ${name} are ${shown}, not ${expected}`)
  }

  #stream(stream) {
    if (!stream.entries) return
    const conditions = stream.conditions.map(compileCondition)
    const members = this.entries.filter(({ entry }) => conditions.some((condition) => condition(entry)))
    const indexes = members.map(({ index }) => index)
    this.#compare(stream.entries, indexes, stream.name)
    this.#compareSamples(stream.samples, stream.name, indexes)
    for (const count of stream.counts) {
      const condition = compileCondition(count.when)
      const counted = members.filter(({ entry }) => condition(entry)).map(({ index }) => index)
      this.#compare(count, counted, `${stream.name}/${count.name}`)
      if (count.exception) this.#compareSamples(count.samples, `${stream.name}/${count.name}`, counted)
    }
  }

  #control(framework, control) {
    const streams = new Map(this.report.streams.map((stream) => [stream.name, stream]))
    const indexes = new Set()
    const exceptions = new Set()
    for (const name of [...control.streams_with_entries, ...control.streams_without_entries]) {
      const stream = streams.get(name)
      for (const index of indexesOf(stream?.entries?.ranges ?? [])) indexes.add(index)
      for (const count of stream?.counts ?? []) {
        if (count.exception) for (const index of indexesOf(count.ranges)) exceptions.add(index)
      }
    }
    const place = `${framework.name} ${control.id}`
    this.#compare(control.entries, [...indexes].sort((a, b) => a - b), place)
    if (control.exceptions !== exceptions.size) {
      this.problems.push(`report.json: ${place}: says ${control.exceptions} exceptions, counted are ${exceptions.size}`)
    }
    const gaps = control.gaps.filter((name) => streams.get(name)?.state !== 'gap')
    if (gaps.length > 0) this.problems.push(`report.json: ${place}: ${gaps} are no gaps`)
  }

  check() {
    const all = this.entries.map(({ index }) => index)
    this.#compare(this.report.entries, all, 'entries of the period')
    for (const stream of this.report.streams) this.#stream(stream)
    for (const framework of this.report.frameworks) {
      for (const control of framework.controls) this.#control(framework, control)
    }
    return this.figures
  }
}

// How many figures were counted again; nothing where the pack does not hold all entries of the period.
export function recount(report, entries, checkpoint, problems) {
  if (report.format !== kReportFormat) throw new Fault(`report.json does not say that its format is ${kReportFormat}`)
  if (!report.entries.whole_period_in_pack) return 0
  return new Recount(report, entries, checkpoint, problems).check()
}

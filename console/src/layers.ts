// A spend report by day and one more dimension, as layers of a chart.

import type { SpendReport } from './api'
import { daysBetween } from './format'
import { kLayersMax, type Layer } from './parts/Chart'

export function layersOf(report: SpendReport, dimension: string): { days: string[]; layers: Layer[] } {
  const groups = report.groups.filter((group) => typeof group.day === 'string')
  const dates = groups.map((group) => String(group.day)).sort()
  const [first, last] = [dates[0], dates.at(-1)]
  if (!first || !last) return { days: [], layers: [] }
  // Two weeks at least: a single bar says nothing about time.
  const begin = new Date(Math.min(Date.parse(first), Date.parse(last) - 13 * 86_400_000)).toISOString().slice(0, 10)
  const days = daysBetween(begin, last)
  const place = new Map(days.map((day, i) => [day, i]))
  const sums = new Map<string, number>()
  for (const group of groups) {
    const name = String(group[dimension] || '(none)')
    sums.set(name, (sums.get(name) ?? 0) + group.cost_nanos)
  }
  const names = [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name)
  // What is beyond the colours that people can tell apart is one layer.
  const shown = names.length > kLayersMax ? [...names.slice(0, kLayersMax - 1), 'All others'] : names
  const layers = shown.map((name) => ({ name, values: days.map(() => 0) }))
  for (const group of groups) {
    const at = place.get(String(group.day))
    const layer = layers.find(({ name }) => name === String(group[dimension] || '(none)')) ?? layers.at(-1)
    if (at !== undefined && layer) layer.values[at] = (layer.values[at] ?? 0) + group.cost_nanos
  }
  return { days, layers }
}

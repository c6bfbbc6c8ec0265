// The drawing of a chart, apart because it is fetched only when a chart is shown.

import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { moneyShort } from '../format'
import { colourOf, type Layer } from './Chart'

const kHalfDay = 43_200
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayOf = (at: number) => (at % 86_400 === 0 ? dayFormat.format(at * 1000) : '')
const variable = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

// Each layer lies on those before it, and is drawn first, so that what it covers is drawn over it.
function stacked(days: string[], layers: Layer[]): { data: uPlot.AlignedData; order: number[] } {
  const sums = days.map(() => 0)
  const tops = layers.map((layer) => layer.values.map((value, i) => (sums[i] = (sums[i] ?? 0) + value)))
  const order = layers.map((_, i) => i).reverse()
  return { data: [days.map((day) => Date.parse(day) / 1000), ...order.map((i) => tops[i] ?? [])], order }
}

function optionsOf(width: number, height: number, order: number[]): uPlot.Options {
  const grid = { stroke: variable('--line'), width: 1 }
  const axis = { stroke: variable('--soft'), grid, ticks: { show: false }, font: '12px system-ui, sans-serif' }
  const bars = uPlot.paths.bars?.({ size: [0.72, 34], align: 0 })
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'UTC'),
    // Half a day more on each side, so that the first and the last bar are whole.
    scales: {
      x: { range: (_, low, high) => [low - kHalfDay, high + kHalfDay] },
      y: { range: (_, _low, high) => [0, high > 0 ? high * 1.05 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 64, size: 30, values: (_, splits) => splits.map(dayOf) },
      { ...axis, size: 64, values: (_, splits) => splits.map((split) => moneyShort(split)) },
    ],
    series: [
      {},
      ...order.map((i) => {
        const colour = variable(colourOf(i))
        return { stroke: colour, fill: colour, width: 0, paths: bars, points: { show: false } }
      }),
    ],
  }
}

export default function Plot({ days, layers }: { days: string[]; layers: Layer[] }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (!element) return
    const { data, order } = stacked(days, layers)
    let plot: uPlot | undefined
    const draw = () => {
      plot?.destroy()
      plot = new uPlot(optionsOf(Math.max(element.clientWidth, 200), element.clientHeight, order), data, element)
    }
    draw()
    const sized = new ResizeObserver(() =>
      plot?.setSize({ width: Math.max(element.clientWidth, 200), height: element.clientHeight }),
    )
    sized.observe(element)
    // Colours are the theme's at the time of drawing.
    const themed = new MutationObserver(draw)
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', draw)
    return () => {
      system.removeEventListener('change', draw)
      themed.disconnect()
      sized.disconnect()
      plot?.destroy()
    }
  }, [days, layers])
  return <div ref={place} style={{ height: '100%' }} />
}

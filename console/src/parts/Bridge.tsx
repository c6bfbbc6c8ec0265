// From one amount to another, step by step: each step begins where the one before ended. The same as a table.

import { useState } from 'react'
import { money, moneyChange } from '../format'
import { Button } from './basics'
import styles from './Bridge.module.css'
import chart from './Chart.module.css'
import { DataTable } from './DataTable'

export interface Step {
  name: string
  nanos: number
}

interface Bar extends Step {
  from: number
  to: number
  whole: boolean
}

function barsOf(before: Step, steps: Step[], after: Step): Bar[] {
  let at = before.nanos
  const between = steps.map((step) => {
    const from = at
    at += step.nanos
    return { ...step, from, to: at, whole: false }
  })
  return [
    { ...before, from: 0, to: before.nanos, whole: true },
    ...between,
    { ...after, from: 0, to: after.nanos, whole: true },
  ]
}

export function Bridge({
  name,
  before,
  steps,
  after,
  file,
}: {
  name: string
  before: Step
  steps: Step[]
  after: Step
  file: string
}) {
  const [asTable, setAsTable] = useState(false)
  const bars = barsOf(before, steps, after)
  const ends = bars.flatMap(({ from, to }) => [from, to])
  const low = Math.min(0, ...ends)
  const span = Math.max(Math.max(0, ...ends) - low, 1)
  const told = (bar: Bar) => (bar.whole ? money(bar.nanos) : moneyChange(bar.nanos))
  return (
    <figure className={chart.figure} aria-label={name}>
      <div className={chart.switch}>
        <Button kind="quiet" className={chart.small} aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Show the chart' : 'Show as a table'}
        </Button>
      </div>
      {asTable ? (
        <DataTable
          name={`${name}, as a table`}
          rows={bars}
          rowKey={(bar) => bar.name}
          file={file}
          columns={[
            { name: 'Step', value: (bar) => bar.name },
            { name: 'Amount', number: true, value: (bar) => bar.nanos / 1e9, show: told },
          ]}
        />
      ) : (
        <ul className={styles.bars}>
          {bars.map((bar) => (
            <li key={bar.name}>
              <span>{bar.name}</span>
              <span className={styles.track} aria-hidden="true">
                <i
                  data-kind={bar.whole ? 'whole' : bar.nanos > 0 ? 'up' : 'down'}
                  style={{
                    left: `${(100 * (Math.min(bar.from, bar.to) - low)) / span}%`,
                    width: `${(100 * Math.abs(bar.to - bar.from)) / span}%`,
                  }}
                />
              </span>
              <b>{told(bar)}</b>
            </li>
          ))}
        </ul>
      )}
    </figure>
  )
}

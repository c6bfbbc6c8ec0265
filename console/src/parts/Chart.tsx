// Amounts along days, in layers, with the same numbers as a table: a picture alone is nothing to whoever cannot see it,
// or wants to work with it. The drawing is fetched when the first chart is shown.

import { lazy, Suspense, useState } from 'react'
import { money } from '../format'
import { Button, Loading } from './basics'
import styles from './Chart.module.css'
import { DataTable, type Column } from './DataTable'

const Plot = lazy(() => import('./Plot'))

export interface Layer {
  name: string
  values: number[]
}
export const kLayersMax = 6
export const colourOf = (i: number) => `--series-${Math.min(i, kLayersMax - 1) + 1}`

export function DailyChart({
  name,
  days,
  layers,
  file,
}: {
  name: string
  days: string[]
  layers: Layer[]
  file: string
}) {
  const [asTable, setAsTable] = useState(false)
  const columns: Column<number>[] = [
    { name: 'Day', value: (i) => days[i] },
    ...layers.map((layer): Column<number> => ({
      name: layer.name,
      number: true,
      value: (i) => (layer.values[i] ?? 0) / 1e9,
      show: (i) => money(layer.values[i]),
    })),
  ]
  return (
    <figure className={styles.figure} aria-label={name}>
      <div className={styles.switch}>
        <Button kind="quiet" className={styles.small} aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Show the chart' : 'Show as a table'}
        </Button>
      </div>
      {asTable ? (
        <DataTable
          name={`${name}, as a table`}
          rows={days.map((_, i) => i)}
          columns={columns}
          rowKey={(i) => days[i] ?? ''}
          file={file}
        />
      ) : (
        <>
          <div className={styles.plot} aria-hidden="true">
            <Suspense fallback={<Loading what="the chart" />}>
              <Plot days={days} layers={layers} />
            </Suspense>
          </div>
          <ul className={styles.legend}>
            {layers.map((layer, i) => (
              <li key={layer.name}>
                <span className={styles.dot} style={{ background: `var(${colourOf(i)})` }} />
                {layer.name}
              </li>
            ))}
          </ul>
        </>
      )}
    </figure>
  )
}

// A table that people can sort, take with them, and scroll through at any length: only the rows in sight are in the
// document. It stays a table for screen readers, which hear which row of how many they are on.

import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState, type ReactNode } from 'react'
import { download, toCsv } from '../copying'
import { count } from '../format'
import { Button, styles as basics } from './basics'
import styles from './DataTable.module.css'

export interface Column<Row> {
  name: string
  // What it is sorted by and what is copied.
  value: (row: Row) => string | number | undefined
  // What is shown; the value, when there is none.
  show?: (row: Row) => ReactNode
  number?: boolean
}

const kAllInSight = 100
const kRowHeight = 34
// Browsers draw no box that is higher (Firefox 17.8 million pixels, Chromium 33.5): beyond, a row takes less of the
// scrollbar than it is high, so that the last one can be reached.
const kHeightMax = 15_000_000
const collator = new Intl.Collator('en-GB', { numeric: true })

type Order = { column: number; down: boolean }

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return collator.compare(String(a ?? ''), String(b ?? ''))
}

function useSorted<Row>(rows: Row[], columns: Column<Row>[], order: Order | undefined): Row[] {
  return useMemo(() => {
    const column = order && columns[order.column]
    if (!column) return rows
    // Asked once of each row, not at each comparison.
    const values = rows.map(column.value)
    const places = rows.map((_, i) => i).sort((a, b) => compare(values[a], values[b]))
    return (order.down ? places.reverse() : places).map((i) => rows[i] as Row)
  }, [rows, columns, order])
}

function Head<Row>({
  columns,
  order,
  sort,
}: {
  columns: Column<Row>[]
  order: Order | undefined
  sort: (column: number) => void
}) {
  return (
    <thead>
      <tr>
        {columns.map((column, i) => {
          const direction = order?.column === i ? (order.down ? 'descending' : 'ascending') : undefined
          return (
            <th
              key={column.name}
              scope="col"
              aria-sort={direction}
              className={column.number ? styles.number : undefined}
            >
              <button type="button" className={styles.sort} onClick={() => sort(i)}>
                {column.name}
                {direction && <span aria-hidden="true">{direction === 'ascending' ? ' ↑' : ' ↓'}</span>}
              </button>
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

function Row<T>({ row, columns, index }: { row: T; columns: Column<T>[]; index: number }) {
  return (
    <tr aria-rowindex={index + 2}>
      {columns.map((column, i) => {
        const shown = column.show ? column.show(row) : column.value(row)
        const className = column.number ? styles.number : undefined
        return i === 0 ? (
          <th key={column.name} scope="row" className={className}>
            {shown}
          </th>
        ) : (
          <td key={column.name} className={className}>
            {shown}
          </td>
        )
      })}
    </tr>
  )
}

const Gap = ({ height, columns }: { height: number; columns: number }) =>
  height > 0 ? (
    <tr className={styles.gap} aria-hidden="true">
      <td colSpan={columns} style={{ height }} />
    </tr>
  ) : null

export function DataTable<T>({
  name,
  rows,
  columns,
  rowKey,
  note,
  file,
}: {
  name: string
  rows: T[]
  columns: Column<T>[]
  rowKey: (row: T, index: number) => string
  note?: ReactNode
  file: string
}) {
  const [order, setOrder] = useState<Order>()
  const [copied, setCopied] = useState('')
  const sorted = useSorted(rows, columns, order)
  const scroll = useRef<HTMLDivElement>(null)
  const isLong = rows.length > kAllInSight
  const rolling = useVirtualizer({
    count: isLong ? sorted.length : 0,
    getScrollElement: () => scroll.current,
    estimateSize: () => Math.min(kRowHeight, kHeightMax / sorted.length),
    overscan: 12,
  })
  const inSight = rolling.getVirtualItems()
  const sort = (column: number) =>
    setOrder((now) =>
      now?.column === column ? { column, down: !now.down } : { column, down: Boolean(columns[column]?.number) },
    )
  const csv = () =>
    toCsv(
      columns.map((column) => column.name),
      sorted.map((row) => columns.map((column) => column.value(row))),
    )
  const copy = () =>
    navigator.clipboard.writeText(csv()).then(
      () => setCopied('Copied'),
      () => setCopied('Your browser does not let pages copy'),
    )
  const above = inSight[0]?.start ?? 0
  const below = isLong ? rolling.getTotalSize() - (inSight.at(-1)?.end ?? 0) : 0
  return (
    <div className={styles.frame}>
      <div className={styles.tools}>
        <span>{note ?? `${count(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`}</span>
        <span className={basics.hidden} role="status">
          {copied}
        </span>
        <Button kind="quiet" className={styles.small} onClick={() => void copy()}>
          {copied === 'Copied' ? 'Copied' : 'Copy'}
        </Button>
        <Button kind="quiet" className={styles.small} onClick={() => download(`${file}.csv`, csv())}>
          CSV
        </Button>
      </div>
      <div className={styles.scroll} ref={scroll} role="region" aria-label={name} tabIndex={0}>
        <table className={styles.table} aria-label={name} aria-rowcount={rows.length + 1}>
          <Head columns={columns} order={order} sort={sort} />
          <tbody>
            {isLong && <Gap height={above} columns={columns.length} />}
            {isLong
              ? inSight.map(({ index }) => {
                  const row = sorted[index]
                  return row && <Row key={rowKey(row, index)} row={row} columns={columns} index={index} />
                })
              : sorted.map((row, i) => <Row key={rowKey(row, i)} row={row} columns={columns} index={i} />)}
            {isLong && <Gap height={below} columns={columns.length} />}
          </tbody>
        </table>
      </div>
    </div>
  )
}

// What the month will come to, and what is out of the usual.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read, type Entry, type Forecast as Expected } from '../api'
import { money, time } from '../format'
import { Answer, Code, Empty, Facts } from '../parts/basics'
import { type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'

export function Forecast() {
  const query = useQuery({
    queryKey: ['/api/v1/spend/forecast'],
    queryFn: ({ signal }) => read<Expected>('/api/v1/spend/forecast', {}, signal),
  })
  return (
    <Answer query={query} what="the forecast">
      {(told) => (
        <>
          <Facts
            rows={[
              ['Month', told.month],
              ['Spent so far', money(told.spent_nanos)],
              ['Expected in all', told.possible && money(told.expected_nanos)],
              [
                'In four of five cases',
                told.possible && `between ${money(told.low80_nanos)} and ${money(told.high80_nanos)}`,
              ],
              ['Made of', told.basis],
            ]}
          />
          {!told.possible && (
            <Empty title="Too little is known for a forecast">
              <p>It takes some weeks of calls: weekdays differ, and each is compared with its like.</p>
            </Empty>
          )}
        </>
      )}
    </Answer>
  )
}

const detailOf = ({ detail }: Entry) => (detail ?? {}) as Record<string, unknown>
const nanosOf = (entry: Entry, name: string) => Number(detailOf(entry)[name] ?? 0)

const kAnomalies: Column<Entry>[] = [
  {
    name: 'When',
    value: (entry) => entry.time,
    show: (entry) => (
      <Link to="/ledger/$seq" params={{ seq: String(entry.seq) }}>
        {time(entry.time)}
      </Link>
    ),
  },
  { name: 'What', value: (entry) => String(detailOf(entry).sentence ?? '') },
  {
    name: 'Cost',
    number: true,
    value: (entry) => nanosOf(entry, 'cost_nanos') / 1e9,
    show: (entry) => money(nanosOf(entry, 'cost_nanos')),
  },
  {
    name: 'Usual',
    number: true,
    value: (entry) => nanosOf(entry, 'usual_nanos') / 1e9,
    show: (entry) => money(nanosOf(entry, 'usual_nanos')),
  },
  { name: 'Rule', value: (entry) => String(detailOf(entry).alert ?? '') },
]

export const Anomalies = () => (
  <PagedTable<Entry>
    path="/api/v1/ledger/entries"
    parameters={{ filter: 'kind == "spend.anomaly"', limit: 100 }}
    member="entries"
    name="Out of the usual"
    columns={kAnomalies}
    rowKey={({ seq }) => String(seq)}
    file="anomalies"
    empty={
      <Empty title="Nothing was out of the usual">
        <p>
          The server compares everybody with themselves and with their peers, every minute. What it asks is said by:
        </p>
        <Code>reeve spend anomalies --since 30d</Code>
      </Empty>
    }
  />
)

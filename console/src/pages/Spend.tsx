// Spend by whatever one wants to know it by. What is asked is in the address.

import * as Tabs from '@radix-ui/react-tabs'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, type ReactNode } from 'react'
import {
  read,
  type Advice,
  type MonthGroup,
  type SavingsAdvice,
  type SpendChanges,
  type SpendGroup,
  type SpendReport,
} from '../api'
import { change, count, countShort, money, moneyChange, percent } from '../format'
import { layersOf } from '../layers'
import { DailyChart } from '../parts/Chart'
import { Choice, kTimes, type Option } from '../parts/Choice'
import { DataTable, type Column } from '../parts/DataTable'
import { Answer, Card, Empty, Page } from '../parts/basics'
import { Bridge } from '../parts/Bridge'
import { spendRoute } from '../router'
import { usePerson } from '../session'
import { Anomalies, Forecast } from './SpendOutlook'
import styles from './Spend.module.css'

const kDimensions: Option[] = [
  ['person', 'Person'],
  ['team', 'Team'],
  ['model', 'Model'],
  ['provider', 'Provider'],
  ['client', 'Tool'],
  ['repo', 'Repository'],
  ['feature', 'Feature'],
  ['work_item', 'Work item'],
  ['agent', 'Agent'],
  ['session', 'Session'],
]
const titleOf = (dimension: string) => kDimensions.find(([name]) => name === dimension)?.[1] ?? dimension

export function Spend() {
  const { by = 'person', since = '30d', show = 'sums' } = spendRoute.useSearch()
  const mayRead = usePerson().may('ledger.read')
  const navigate = useNavigate()
  const go = (next: { by?: string; since?: string; show?: string }) =>
    void navigate({ to: '/spend', search: { by, since, show, ...next } })
  const [first = 'person', second] = by.split(',')
  return (
    <Page
      title="Spend"
      lead="Every recorded call, by whom, by what and what for. Each sum is made of entries in the ledger."
      actions={
        <div className={styles.asking}>
          <Choice
            label="By"
            value={first}
            options={kDimensions}
            choose={(to) => go({ by: second && second !== to ? `${to},${second}` : to })}
          />
          <Choice
            label="and by"
            value={second ?? ''}
            options={[['', 'nothing else'], ...kDimensions.filter(([name]) => name !== first)]}
            choose={(to) => go({ by: to ? `${first},${to}` : first })}
          />
          <Choice label="Of" value={since} options={kTimes} choose={(to) => go({ since: to })} />
        </div>
      }
    >
      <ByDay dimension={first} since={since} />
      <Card>
        <Tabs.Root value={show} onValueChange={(next) => go({ show: next })}>
          <Tabs.List className={styles.tabs} aria-label="What to see">
            <Tabs.Trigger className={styles.tab} value="sums">
              Sums
            </Tabs.Trigger>
            <Tabs.Trigger className={styles.tab} value="months">
              Why this month differs
            </Tabs.Trigger>
            <Tabs.Trigger className={styles.tab} value="savings">
              What could be saved
            </Tabs.Trigger>
            <Tabs.Trigger className={styles.tab} value="forecast">
              What it will come to
            </Tabs.Trigger>
            {mayRead && (
              <Tabs.Trigger className={styles.tab} value="anomalies">
                Out of the usual
              </Tabs.Trigger>
            )}
          </Tabs.List>
          <Tabs.Content value="sums">
            <Sums by={by} since={since} />
          </Tabs.Content>
          <Tabs.Content value="months">
            <Months by={first} />
          </Tabs.Content>
          <Tabs.Content value="savings">
            <Savings since={since} />
          </Tabs.Content>
          <Tabs.Content value="forecast">
            <Forecast />
          </Tabs.Content>
          <Tabs.Content value="anomalies">
            <Anomalies />
          </Tabs.Content>
        </Tabs.Root>
      </Card>
    </Page>
  )
}

function ByDay({ dimension, since }: { dimension: string; since: string }) {
  const parameters = { by: `day,${dimension}`, since }
  const query = useQuery({
    queryKey: ['/api/v1/spend', parameters],
    queryFn: ({ signal }) => read<SpendReport>('/api/v1/spend', parameters, signal),
  })
  return (
    <Card title={`Cost by day and ${titleOf(dimension).toLowerCase()}`}>
      <Answer query={query} what="spend">
        {(report) => <Days report={report} dimension={dimension} />}
      </Answer>
    </Card>
  )
}

function Days({ report, dimension }: { report: SpendReport; dimension: string }) {
  const { days, layers } = useMemo(() => layersOf(report, dimension), [report, dimension])
  if (days.length === 0)
    return (
      <Empty title="No calls in this time">
        <p>Take a longer one above.</p>
      </Empty>
    )
  return (
    <DailyChart
      name={`Cost by day and ${titleOf(dimension).toLowerCase()}`}
      days={days}
      layers={layers}
      file={`spend-by-day-and-${dimension}`}
    />
  )
}

function Sums({ by, since }: { by: string; since: string }) {
  const query = useQuery({
    queryKey: ['/api/v1/spend', { by, since }],
    queryFn: ({ signal }) => read<SpendReport>('/api/v1/spend', { by, since }, signal),
  })
  return (
    <Answer query={query} what="sums">
      {({ groups, total }) => {
        const columns: Column<SpendGroup>[] = [
          ...by.split(',').map((name): Column<SpendGroup> => ({
            name: titleOf(name),
            value: (group) => String(group[name] || '(none)'),
          })),
          { name: 'Calls', number: true, value: ({ calls }) => calls, show: ({ calls }) => count(calls) },
          { name: 'Refused', number: true, value: ({ refused }) => refused, show: ({ refused }) => count(refused) },
          {
            name: 'Tokens in',
            number: true,
            value: ({ usage }) => usage.input,
            show: ({ usage }) => countShort(usage.input),
          },
          {
            name: 'Tokens out',
            number: true,
            value: ({ usage }) => usage.output,
            show: ({ usage }) => countShort(usage.output),
          },
          {
            name: 'Cost',
            number: true,
            value: (group) => group.cost_nanos / 1e9,
            show: (group) => money(group.cost_nanos),
          },
          {
            name: 'Share',
            number: true,
            value: (group) => group.cost_nanos / Math.max(total.cost_nanos, 1),
            show: (group) => percent(group.cost_nanos, total.cost_nanos),
          },
        ]
        return (
          <DataTable
            name={`Spend by ${by}`}
            rows={groups}
            columns={columns}
            file={`spend-by-${by.replace(',', '-and-')}`}
            rowKey={(group, i) =>
              by
                .split(',')
                .map((name) => String(group[name]))
                .join('\n') + String(i)
            }
            note={<Note total={total} rows={groups.length} />}
          />
        )
      }}
    </Answer>
  )
}

function Note({ total, rows }: { total: SpendGroup; rows: number }): ReactNode {
  const unknown = total.unknown_prices > 0 ? `, ${count(total.unknown_prices)} of them without a known price` : ''
  return `${money(total.cost_nanos)} in ${count(total.calls)} calls${unknown}; ${count(rows)} rows`
}

const kEffects: [string, string][] = [
  ['volume', 'Volume'],
  ['mix', 'Other models'],
  ['shape', 'Longer answers'],
  ['cache', 'Caching'],
  ['price', 'Prices'],
]

function Months({ by }: { by: string }) {
  const query = useQuery({
    queryKey: ['/api/v1/spend/changes', by],
    queryFn: ({ signal }) => read<SpendChanges>('/api/v1/spend/changes', { by }, signal),
  })
  const effect = (title: string, key: string): Column<MonthGroup> => ({
    name: title,
    number: true,
    value: (group) => (group.effects_nanos[key] ?? 0) / 1e9,
    show: (group) => moneyChange(group.effects_nanos[key] ?? 0),
  })
  return (
    <Answer query={query} what="two months">
      {({ comparison, in_words: words }) => (
        <>
          <p>{words}</p>
          {comparison.total.before_nanos > 0 && (
            <Bridge
              name={`From ${comparison.before} to ${comparison.after}`}
              before={{ name: comparison.before, nanos: comparison.total.before_nanos }}
              steps={kEffects.map(([key, name]) => ({ name, nanos: comparison.total.effects_nanos[key] ?? 0 }))}
              after={{ name: comparison.after, nanos: comparison.total.after_nanos }}
              file="spend-bridge"
            />
          )}
          <DataTable
            name="Why this month differs"
            rows={comparison.groups}
            file="spend-changes"
            rowKey={(group, i) => `${group.name} ${i}`}
            columns={[
              { name: titleOf(by), value: (group) => group.name || '(none)' },
              {
                name: comparison.before,
                number: true,
                value: (group) => group.before_nanos / 1e9,
                show: (group) => money(group.before_nanos),
              },
              {
                name: comparison.after,
                number: true,
                value: (group) => group.after_nanos / 1e9,
                show: (group) => money(group.after_nanos),
              },
              {
                name: 'Change',
                number: true,
                value: (group) => group.difference_nanos / 1e9,
                show: (group) =>
                  `${moneyChange(group.difference_nanos)} (${change(group.before_nanos, group.after_nanos)})`,
              },
              ...kEffects.map(([key, name]) => effect(name, key)),
            ]}
          />
        </>
      )}
    </Answer>
  )
}

const kAdvice: Column<Advice>[] = [
  { name: 'Person', value: ({ person }) => person },
  { name: 'Team', value: ({ team }) => team || '(none)' },
  { name: 'Model used', value: ({ from }) => from },
  { name: 'Would do', value: ({ to }) => to },
  { name: 'Calls', number: true, value: ({ calls }) => calls, show: ({ calls }) => count(calls) },
  { name: 'Cost', number: true, value: (one) => one.cost_nanos / 1e9, show: (one) => money(one.cost_nanos) },
  { name: 'Saving', number: true, value: (one) => one.saving_nanos / 1e9, show: (one) => money(one.saving_nanos) },
]

function Savings({ since }: { since: string }) {
  const query = useQuery({
    queryKey: ['/api/v1/spend/advice', { since }],
    queryFn: ({ signal }) => read<SavingsAdvice>('/api/v1/spend/advice', { since }, signal),
  })
  return (
    <Answer query={query} what="what could be saved">
      {({ advice, looked_at_nanos: looked }) =>
        advice.length === 0 ? (
          <Empty title="Nothing stands out">
            <p>{`${money(looked)} went to expensive models, and no call was small enough for a cheaper one.`}</p>
          </Empty>
        ) : (
          <DataTable
            name="What could be saved"
            rows={advice}
            columns={kAdvice}
            file="savings"
            rowKey={(one, i) => `${one.rule} ${one.person} ${one.from} ${i}`}
          />
        )
      }
    </Answer>
  )
}

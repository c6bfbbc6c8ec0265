import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read, type Budget } from '../api'
import { count, day, money } from '../format'
import { Answer, Button, Card, Code, Empty, Page, Tag, styles as basics } from '../parts/basics'
import styles from './Budgets.module.css'

const kExample = `kind: Budget
name: payments-monthly
for: {team: payments}
each: [person]
window: month
limit: {money: $2000}
thresholds: [{at: 80%, do: notify}]`

export function Budgets() {
  const query = useQuery({
    queryKey: ['/api/v1/budgets'],
    queryFn: ({ signal }) => read<{ budgets: Budget[] }>('/api/v1/budgets', {}, signal),
    refetchInterval: 15_000,
  })
  return (
    <Page
      title="Budgets"
      lead={
        'What may be spent, and how much of it is gone. ' +
        'A call is held against every budget that it falls under before it leaves.'
      }
    >
      <Answer query={query} what="budgets">
        {({ budgets }) =>
          budgets.length === 0 ? (
            <Card>
              <Empty title="No budgets yet">
                <p>
                  Put one into the governance directory, or write it with <code>reeve budget set</code>:
                </p>
                <Code>{kExample}</Code>
              </Empty>
            </Card>
          ) : (
            <div className={styles.list}>
              {fullestFirst(budgets, fullestOf).map((budget) => (
                <One key={budget.name} budget={budget} />
              ))}
            </div>
          )
        }
      </Answer>
    </Page>
  )
}

// What is nearly used up is what somebody comes for; a budget of each person has hundreds of counters.
type Counter = Budget['counters'][number]
const percentOf = ({ limits }: Counter) => Math.max(0, ...Object.values(limits).map(({ percent }) => percent))
const fullestOf = ({ counters }: Budget) => Math.max(0, ...counters.map(percentOf))
const fullestFirst = <T,>(list: T[], fullness: (one: T) => number) => list.toSorted((a, b) => fullness(b) - fullness(a))
const kCountersShown = 8

const amount = (quantity: string, value: number) =>
  quantity === 'money_nanos' ? money(value) : `${count(value)} ${quantity}`

function One({ budget }: { budget: Budget }) {
  const [all, setAll] = useState(false)
  const counters = fullestFirst(budget.counters, percentOf)
  const shown = all ? counters : counters.slice(0, kCountersShown)
  return (
    <Card title={budget.title || budget.name} note={budget.title ? budget.name : budget.owner}>
      {budget.counters.length === 0 && <p className={basics.soft}>Nothing was spent of it in this window.</p>}
      {shown.map((counter) =>
        Object.entries(counter.limits).map(([quantity, line]) => {
          const scope = Object.values(counter.scope).join(', ') || 'All calls'
          const tone = line.percent >= 100 ? 'bad' : line.percent >= 80 ? 'warn' : undefined
          const limit = line.limit + line.allowed
          const name = `${budget.title || budget.name}, ${scope}: ${line.percent} % used`
          return (
            <div className={styles.counter} key={`${scope} ${quantity} ${counter.window_begin}`}>
              <span>
                {scope}{' '}
                {line.allowed > 0 && <Tag tone="accent">{`${amount(quantity, line.allowed)} more by exception`}</Tag>}
              </span>
              <progress
                className={basics.bar}
                data-tone={tone}
                max={100}
                value={Math.min(line.percent, 100)}
                aria-label={name}
              />
              <span>
                {amount(quantity, line.spent + line.reserved)} of {amount(quantity, limit)}{' '}
                <span className={basics.soft}>until {day(counter.window_end)}</span>
              </span>
            </div>
          )
        }),
      )}
      {counters.length > kCountersShown && (
        <Button kind="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Only the fullest' : `All ${count(counters.length)}`}
          <span className={basics.hidden}> of {budget.title || budget.name}</span>
        </Button>
      )}
    </Card>
  )
}

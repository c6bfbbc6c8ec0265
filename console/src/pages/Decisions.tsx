// What the rules decided, call by call. What is asked is in the address.

import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { DecisionRow } from '../apiReading'
import { money, time } from '../format'
import { Button, Card, Empty, Field, Page, Tag, styles as basics } from '../parts/basics'
import { Choice, kTimes, type Option } from '../parts/Choice'
import { type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import { decisionsRoute } from '../router'
import { usePerson } from '../session'
import { deciderOf, modelOf, outcomeOf, toneOf } from './decisionWords'
import styles from './Filter.module.css'
import { ReplayCard } from './Replay'

const kOutcomes: Option[] = [
  ['', 'Any'],
  ['refused', 'Refused'],
  ['changed', 'Changed: replaced, routed, cheaper'],
  ['allowed', 'Allowed as asked'],
  ['failed', 'Allowed, and failed'],
]

const columnsFor = (mayExplain: boolean): Column<DecisionRow>[] => [
  {
    name: 'When',
    value: ({ time: at }) => at,
    // What was refused before any rule was asked, for a model that nobody serves, has an entry and no more.
    show: (row) =>
      mayExplain ? (
        <Link to={row.effect ? '/decisions/$seq' : '/ledger/$seq'} params={{ seq: String(row.decision) }}>
          {time(row.time)}
        </Link>
      ) : (
        time(row.time)
      ),
  },
  { name: 'Outcome', value: outcomeOf, show: (row) => <Tag tone={toneOf(row)}>{outcomeOf(row)}</Tag> },
  { name: 'Decided by', value: deciderOf },
  { name: 'Person', value: ({ person }) => person },
  { name: 'Team', value: ({ team }) => team },
  { name: 'Model', value: modelOf },
  { name: 'Tool', value: ({ client }) => client },
  { name: 'Found', value: ({ findings }) => findings },
  {
    name: 'Session',
    value: ({ session }) => session,
    show: ({ session }) =>
      session && (
        <Link to="/sessions/$session" params={{ session }}>
          {session}
        </Link>
      ),
  },
  { name: 'Cost', number: true, value: (row) => (row.cost_nanos ?? 0) / 1e9, show: (row) => money(row.cost_nanos) },
]

export function Decisions() {
  const me = usePerson()
  const search = decisionsRoute.useSearch()
  const navigate = useNavigate()
  const { since = '7d', outcome = '', person = '', team = '', model = '', rule = '' } = search
  const [form, setForm] = useState({ person, team, model, rule })
  const go = (next: Record<string, string>) =>
    void navigate({ to: '/decisions', search: { since, outcome, ...form, ...next } })
  const text = (name: keyof typeof form, label: string) => (
    <Field label={label}>
      <input
        className={basics.input}
        value={form[name]}
        onChange={(event) => setForm({ ...form, [name]: event.target.value })}
      />
    </Field>
  )
  return (
    <Page
      title="Decisions"
      lead="Each call and what the rules said to it. Open one to see why, and what would have allowed it."
    >
      <Card>
        <form
          className={styles.filter}
          onSubmit={(event) => {
            event.preventDefault()
            go({})
          }}
        >
          <Choice label="Outcome" value={outcome} options={kOutcomes} choose={(next) => go({ outcome: next })} />
          <Choice label="Of" value={since} options={kTimes} choose={(next) => go({ since: next })} />
          {text('person', 'Person')}
          {text('team', 'Team')}
          {text('model', 'Model')}
          {text('rule', 'Rule')}
          <Button type="submit" kind="first">
            Show
          </Button>
        </form>
      </Card>
      <Card>
        <PagedTable<DecisionRow>
          path="/api/v1/decisions"
          parameters={{ since, outcome, person, team, model, rule, limit: 200 }}
          member="decisions"
          name="Decisions"
          columns={columnsFor(me.may('ledger.read'))}
          rowKey={({ seq }) => String(seq)}
          file="decisions"
          empty={
            <Empty title="No decision fits">
              <p>
                Every call through Reeve is one. Take a longer time, or leave a field empty; names are compared as they
                are written.
              </p>
            </Empty>
          }
        />
      </Card>
      {me.may('ledger.read') && <ReplayCard path="/api/v1/decisions/replay" />}
    </Page>
  )
}

// Sessions of the ledger. The server orders them: of many thousands a page holds the first.

import { Link, useNavigate } from '@tanstack/react-router'
import { type SessionRow } from '../api'
import { ago, count, countShort, money, time } from '../format'
import { useLive } from '../live'
import { Card, Empty, Page, Tag } from '../parts/basics'
import { Choice, kTimes, type Option } from '../parts/Choice'
import { type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import { sessionsRoute } from '../router'
import styles from './Filter.module.css'

const kColumns: Column<SessionRow>[] = [
  {
    name: 'Session',
    value: ({ session }) => session,
    show: ({ session }) => (
      <Link to="/sessions/$session" params={{ session }}>
        {session}
      </Link>
    ),
  },
  { name: 'Person', value: ({ person }) => person },
  { name: 'Tool', value: ({ client }) => client },
  { name: 'Repository', value: ({ repo }) => repo },
  {
    name: 'Last call',
    value: ({ last }) => last,
    show: ({ last }) => (
      <time dateTime={last} title={time(last)}>
        {ago(last)}
      </time>
    ),
  },
  { name: 'Calls', number: true, value: ({ calls }) => calls, show: ({ calls }) => count(calls) },
  {
    name: 'Refused',
    number: true,
    value: ({ denied }) => denied,
    show: ({ denied }) => (denied > 0 ? <Tag tone="warn">{count(denied)}</Tag> : '0'),
  },
  {
    name: 'Tokens out',
    number: true,
    value: ({ output_tokens = 0 }) => output_tokens,
    show: ({ output_tokens = 0 }) => countShort(output_tokens),
  },
  {
    name: 'Cost',
    number: true,
    value: ({ cost_nanos = 0 }) => cost_nanos / 1e9,
    show: ({ cost_nanos = 0 }) => money(cost_nanos),
  },
]

const kOrders: Option[] = [
  ['begun', 'The latest first'],
  ['cost', 'The dearest first'],
]

export function Sessions() {
  const { since = '30d', sort = 'begun' } = sessionsRoute.useSearch()
  const navigate = useNavigate()
  const go = (next: { since?: string; sort?: string }) =>
    void navigate({ to: '/sessions', search: { since, sort, ...next } })
  useLive(['sessions', 'calls'], ['/api/v1/sessions'], 5_000)
  return (
    <Page
      title="Sessions"
      lead={
        'What people and their agents worked on. ' +
        'Put the dearest first to see where money goes, and open one to see why.'
      }
      actions={
        <div className={styles.filter}>
          <Choice label="Order" value={sort} options={kOrders} choose={(next) => go({ sort: next })} />
          <Choice label="Of" value={since} options={kTimes} choose={(next) => go({ since: next })} />
        </div>
      }
    >
      <Card>
        <PagedTable<SessionRow>
          path="/api/v1/sessions"
          parameters={{ since, sort, limit: 200 }}
          member="sessions"
          name="Sessions"
          columns={kColumns}
          rowKey={({ session, first }) => `${session} ${first}`}
          file="sessions"
          more={sort === 'cost' ? 'Show more' : 'Earlier ones'}
          empty={
            <Empty title="No sessions yet">
              <p>A session begins with the first call of a tool that names one, as coding agents do.</p>
            </Empty>
          }
        />
      </Card>
    </Page>
  )
}

// Every model, agent, tool and service that is in use or asked for, and what is used that nobody registered.

import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { read } from '../api'
import { ago, count, day, money, plural, time } from '../format'
import { Button, Card, Empty, Field, Notice, Page, Tag, styles as basics } from '../parts/basics'
import { Choice, type Option } from '../parts/Choice'
import { type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import {
  flagOf,
  kFlags,
  kindOf,
  kKinds,
  kStatuses,
  listed,
  statusOf,
  toneOfStatus,
  type Drift,
  type ItemRow,
} from '../registers'
import { inventoryRoute } from '../router'
import { usePerson } from '../session'
import { StartIntake } from './StartIntake'
import styles from './Registers.module.css'

const kColumns: Column<ItemRow>[] = [
  {
    name: 'What',
    value: ({ item }) => item.title,
    show: ({ item }) => (
      <Link to="/inventory/$id" params={{ id: item.id }}>
        {item.title}
      </Link>
    ),
  },
  { name: 'Kind', value: ({ item }) => kindOf(item.kind) },
  {
    name: 'Status',
    value: ({ item }) => statusOf(item.status),
    show: ({ item }) => <Tag tone={toneOfStatus(item.status)}>{statusOf(item.status)}</Tag>,
  },
  {
    name: 'Worth a look',
    value: ({ flags }) => flags?.map(flagOf).join(', '),
    show: ({ flags }) =>
      flags?.map((flag) => (
        <Tag key={flag} tone={flag === 'not_seen' ? undefined : 'warn'}>
          {flagOf(flag)}
        </Tag>
      )),
  },
  { name: 'Risk tier', number: true, value: ({ item }) => item.risk_tier },
  { name: 'Owner', value: ({ item }) => item.owner },
  { name: 'Data', value: ({ item }) => listed(item.data_classes) },
  {
    name: 'Next review',
    value: ({ item }) => item.next_review,
    show: ({ item }) => <time>{day(item.next_review)}</time>,
  },
  {
    name: 'Calls',
    number: true,
    value: ({ seen }) => seen?.calls,
    show: ({ seen }) => (seen ? count(seen.calls) : ''),
  },
  {
    name: 'Last seen',
    value: ({ seen }) => seen?.last,
    show: ({ seen }) => seen && <time title={time(seen.last)}>{ago(seen.last)}</time>,
  },
]

export function Inventory() {
  const me = usePerson()
  const [starting, setStarting] = useState(false)
  const search = inventoryRoute.useSearch()
  const isFiltered = Object.values(search).some(Boolean)
  return (
    <Page
      title="Inventory"
      lead="Every model, agent, tool and service: what it is for, whose it is, what it may see, and who said yes."
      actions={
        me.may('intake.ask') && (
          <Button kind="first" onClick={() => setStarting(true)}>
            Register something
          </Button>
        )
      }
    >
      {!isFiltered && <SeenNotRegistered />}
      <Card>
        <Filter />
        <PagedTable<ItemRow>
          path="/api/v1/inventory"
          parameters={{ ...search, limit: 200 }}
          member="items"
          name="Inventory"
          columns={kColumns}
          rowKey={({ item }) => item.id}
          file="inventory"
          empty={<NothingThere isFiltered={isFiltered} />}
        />
      </Card>
      {starting && <StartIntake close={() => setStarting(false)} />}
    </Page>
  )
}

const NothingThere = ({ isFiltered }: { isFiltered: boolean }) =>
  isFiltered ? (
    <Empty title="Nothing of that kind">
      <p>
        <Link to="/inventory">Show everything</Link>
      </p>
    </Empty>
  ) : (
    <Empty title="Nothing is registered yet">
      <p>Register what people use: a few questions, and you see how risky it is and who has to say yes.</p>
      <p>What calls use and nobody registered appears here by itself.</p>
    </Empty>
  )

// What is in traffic and in no register: the first thing that somebody who keeps the inventory wants to know.
function SeenNotRegistered() {
  const query = useQuery({
    queryKey: ['/api/v1/inventory/drift'],
    queryFn: ({ signal }) => read<Drift>('/api/v1/inventory/drift', {}, signal),
  })
  const { unregistered = [], without_approval: unapproved = [] } = query.data ?? {}
  if (unregistered.length === 0 && unapproved.length === 0) return null
  const cost = unregistered.reduce((sum, { seen }) => sum + (seen?.cost_nanos ?? 0), 0)
  return (
    <Notice tone="warn">
      {unregistered.length > 0 && (
        <p>
          <strong>{plural(unregistered.length, 'thing is', 'things are')} seen in calls, and not registered</strong>,
          for {money(cost)} so far.{' '}
          <Link to="/inventory" search={{ status: 'seen_not_registered' }}>
            Show them
          </Link>
        </p>
      )}
      {unapproved.length > 0 && (
        <p>
          <strong>{plural(unapproved.length, 'thing is', 'things are')} used without approval.</strong>{' '}
          <Link to="/inventory" search={{ flag: 'seen_without_approval' }}>
            Show them
          </Link>
        </p>
      )}
    </Notice>
  )
}

function Filter() {
  const navigate = useNavigate()
  const search = inventoryRoute.useSearch()
  const [text, setText] = useState(search.text ?? '')
  const go = (change: Record<string, string>) =>
    void navigate({ to: '/inventory', search: { ...search, ...change }, replace: true })
  const choices: [string, 'kind' | 'status' | 'tier' | 'flag', Option[]][] = [
    ['Kind', 'kind', kKinds],
    [
      'Status',
      'status',
      kStatuses.filter(([name]) => !['open', 'withdrawn', 'approved_with_exception'].includes(name)),
    ],
    ['Risk tier', 'tier', ['1', '2', '3'].map((tier): Option => [tier, `Tier ${tier}`])],
    ['Worth a look', 'flag', kFlags],
  ]
  return (
    <form
      className={styles.filter}
      onSubmit={(event) => {
        event.preventDefault()
        go({ text: text.trim() })
      }}
    >
      <Field label="Find">
        <input className={basics.input} type="search" value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      {choices.map(([label, name, options]) => (
        <Choice
          key={name}
          label={label}
          value={search[name] ?? ''}
          options={[['', 'Any'], ...options]}
          choose={(value) => go({ [name]: value })}
        />
      ))}
      <Button type="submit">Find</Button>
    </form>
  )
}

// Who there is: people, groups, keys and agents.

import * as Tabs from '@radix-ui/react-tabs'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Key, PersonRow } from '../apiReading'
import { ago, count, day, money, time } from '../format'
import { Button, Card, Code, Empty, Field, Page, Tag, styles as basics } from '../parts/basics'
import { type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import { peopleRoute } from '../router'
import { usePerson } from '../session'
import styles from './Filter.module.css'
import { keyColumns, RevokeKey } from './keyColumns'
import tabs from './Spend.module.css'

export const PersonLink = ({ person }: { person: string }) => (
  <Link to="/people/$person" params={{ person }}>
    {person}
  </Link>
)

const kPeople: Column<PersonRow>[] = [
  { name: 'Person', value: ({ person }) => person, show: ({ person }) => <PersonLink person={person} /> },
  { name: 'Team', value: ({ team }) => team },
  {
    name: 'Directory',
    value: (row) => (row.in_directory ? (row.active ? 'active' : 'not active') : ''),
    show: (row) =>
      row.in_directory && <Tag tone={row.active ? 'good' : 'bad'}>{row.active ? 'active' : 'not active'}</Tag>,
  },
  { name: 'Keys', number: true, value: ({ keys }) => keys },
  { name: 'Calls, 90 days', number: true, value: ({ calls }) => calls, show: ({ calls }) => count(calls) },
  { name: 'Cost', number: true, value: (row) => row.cost_nanos / 1e9, show: (row) => money(row.cost_nanos) },
  {
    name: 'Last call',
    value: ({ last }) => last,
    show: ({ last }) =>
      last && (
        <time dateTime={last} title={time(last)}>
          {ago(last)}
        </time>
      ),
  },
]

export function People() {
  const { show = 'people', search = '' } = peopleRoute.useSearch()
  const navigate = useNavigate()
  const [wanted, setWanted] = useState(search)
  return (
    <Page title="People" lead="Whoever the directory, a key or a call names: what they have, and what they used.">
      <Card>
        <Tabs.Root
          value={show}
          onValueChange={(next) => void navigate({ to: '/people', search: { show: next, search } })}
        >
          <Tabs.List className={tabs.tabs} aria-label="What to see">
            {[
              ['people', 'People'],
              ['groups', 'Groups'],
              ['keys', 'Keys'],
            ].map(([value, title]) => (
              <Tabs.Trigger key={value} className={tabs.tab} value={value ?? ''}>
                {title}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          <Tabs.Content value="people">
            <form
              className={styles.filter}
              onSubmit={(event) => {
                event.preventDefault()
                void navigate({ to: '/people', search: { show, search: wanted } })
              }}
            >
              <Field label="Name">
                <input
                  className={basics.input}
                  type="search"
                  value={wanted}
                  onChange={(event) => setWanted(event.target.value)}
                />
              </Field>
              <Button type="submit">Find</Button>
            </form>
            <PagedTable<PersonRow>
              path="/api/v1/people"
              parameters={{ search }}
              member="people"
              name="People"
              columns={kPeople}
              rowKey={({ person }) => person}
              file="people"
              empty={
                <Empty title={search ? 'Nobody has that in their name' : 'Nobody is known yet'}>
                  <p>People come with the directory (SCIM), with signing in, or with a key:</p>
                  <Code>reeve key create --owner ada@example.com</Code>
                </Empty>
              }
            />
          </Tabs.Content>
          <Tabs.Content value="groups">
            <PagedTable<{ group: string; members: number; modified: string }>
              path="/api/v1/groups"
              member="groups"
              name="Groups"
              columns={[
                { name: 'Group', value: ({ group }) => group },
                { name: 'Members', number: true, value: ({ members }) => members },
                { name: 'Changed', value: ({ modified }) => modified, show: (row) => <time>{day(row.modified)}</time> },
              ]}
              rowKey={({ group }) => group}
              file="groups"
              empty={
                <Empty title="No groups are kept here">
                  <p>
                    An identity provider puts them here over SCIM (<code>identity.directory</code> in reeve.yaml).
                    Without a directory, groups come with each credential, and a person's page shows them.
                  </p>
                </Empty>
              }
            />
          </Tabs.Content>
          <Tabs.Content value="keys">
            <Keys />
          </Tabs.Content>
        </Tabs.Root>
      </Card>
    </Page>
  )
}

function Keys() {
  const me = usePerson()
  const [revoking, setRevoking] = useState<Key>()
  return (
    <>
      <PagedTable<Key>
        path="/api/v1/keys"
        member="keys"
        name="Keys"
        columns={[
          { name: 'Owner', value: ({ owner }) => owner, show: ({ owner }) => <PersonLink person={owner} /> },
          ...keyColumns(me.may('keys.write') ? setRevoking : undefined),
        ]}
        rowKey={({ id }) => id}
        file="keys"
        empty={
          <Empty title="No keys">
            <p>A key lets a tool call models for its owner; its secret is shown once, where it is made:</p>
            <Code>reeve key create --owner ada@example.com</Code>
          </Empty>
        }
      />
      {revoking && <RevokeKey of={revoking} close={() => setRevoking(undefined)} />}
    </>
  )
}

// One person: groups, roles, keys, sign-ins, what was used.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read, write } from '../api'
import type { Key, PersonTold, SignInRow } from '../apiReading'
import { count, money, time } from '../format'
import { Answer, Button, Card, Empty, Facts, Page, Tag, styles as basics } from '../parts/basics'
import { DataTable } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import { ReasonDialog } from '../parts/ReasonDialog'
import { personRoute } from '../router'
import { usePerson } from '../session'
import { keyColumns, RevokeKey } from './keyColumns'

const tags = (names: string[]) =>
  names.map((name) => (
    <span key={name}>
      <Tag>{name}</Tag>{' '}
    </span>
  ))

export function Person() {
  const { person } = personRoute.useParams()
  const me = usePerson()
  const query = useQuery({
    queryKey: ['/api/v1/people', 'one', person],
    queryFn: ({ signal }) => read<PersonTold>(`/api/v1/people/${encodeURIComponent(person)}`, {}, signal),
  })
  return (
    <Page title={person} lead={<Link to="/people">All people</Link>}>
      <Answer query={query} what="the person">
        {(told) => <Told told={told} />}
      </Answer>
      {me.may('sessions.read') && <SignIns person={person} />}
    </Page>
  )
}

function Told({ told }: { told: PersonTold }) {
  const me = usePerson()
  const [revoking, setRevoking] = useState<Key>()
  return (
    <>
      <Card title="Who">
        <Facts
          rows={[
            ['Groups', told.groups.length > 0 ? tags(told.groups) : 'none that is known here'],
            ['Roles', told.roles.length > 0 ? tags(told.roles) : 'none'],
            [
              'Decisions',
              me.may('sessions.read') && (
                <Link key="decisions" to="/decisions" search={{ person: told.person, since: '30d' }}>
                  of the last 30 days
                </Link>
              ),
            ],
            [
              'Entries',
              me.may('ledger.read') && (
                <Link key="entries" to="/ledger" search={{ filter: `principal.id == ${JSON.stringify(told.person)}` }}>
                  in the ledger
                </Link>
              ),
            ],
          ]}
        />
      </Card>
      <Card title="Keys">
        {told.keys.length === 0 ? (
          <Empty title="No keys">
            <p>Whoever signs in needs none; tools that cannot sign in do.</p>
          </Empty>
        ) : (
          <DataTable
            name="Keys of this person"
            rows={told.keys}
            columns={keyColumns(me.may('keys.write') ? setRevoking : undefined)}
            rowKey={({ id }) => id}
            file="keys"
          />
        )}
      </Card>
      <Card title="Spend of the last 30 days">
        {!told.spend || told.spend.length === 0 ? (
          <Empty title="No calls in 30 days" />
        ) : (
          <DataTable
            name="Spend by model"
            rows={told.spend}
            rowKey={({ model }) => model ?? ''}
            file="spend-of-person"
            columns={[
              { name: 'Model', value: ({ model }) => model },
              { name: 'Calls', number: true, value: ({ calls }) => calls, show: ({ calls }) => count(calls) },
              { name: 'Refused', number: true, value: ({ refused }) => refused },
              {
                name: 'Cost',
                number: true,
                value: (row) => row.cost_nanos / 1e9,
                show: (row) => money(row.cost_nanos),
              },
            ]}
          />
        )}
      </Card>
      {revoking && <RevokeKey of={revoking} close={() => setRevoking(undefined)} />}
    </>
  )
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

function SignIns({ person }: { person: string }) {
  const me = usePerson()
  const [ending, setEnding] = useState<SignInRow>()
  return (
    <Card title="Signed in">
      <PagedTable<SignInRow>
        path="/api/v1/sign-ins"
        parameters={{ person, state: 'all' }}
        member="sign_ins"
        name="Sign-ins"
        rowKey={({ id }) => id}
        file="sign-ins"
        columns={[
          { name: 'Began', value: ({ begun }) => begun, show: ({ begun }) => <time>{time(begun)}</time> },
          { name: 'With', value: ({ client }) => client },
          {
            name: 'State',
            value: ({ state }) => state,
            show: ({ state }) => <Tag tone={state === 'open' ? 'good' : undefined}>{state}</Tag>,
          },
          {
            name: 'End it',
            value: () => '',
            show: (row) =>
              row.state === 'open' &&
              me.may('kill.switch') && (
                <Button onClick={() => setEnding(row)}>
                  End…<span className={basics.hidden}>{` ${row.client ?? ''}`}</span>
                </Button>
              ),
          },
        ]}
        empty={
          <Empty title="Not signed in anywhere">
            <p>A sign-in is here from the moment somebody signs in with the company until it ends.</p>
          </Empty>
        }
      />
      {ending && (
        <ReasonDialog
          title="End this sign-in?"
          action="End it"
          danger
          close={() => setEnding(undefined)}
          act={(reason) => write('DELETE', `/api/v1/sign-ins/${encodeURIComponent(ending.id)}`, { reason })}
        >
          <p>{`${person} has to sign in anew with ${text(ending.client)}.`}</p>
        </ReasonDialog>
      )}
    </Card>
  )
}

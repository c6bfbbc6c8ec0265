// Who asked for more than a budget or a rule allows, and who decided. What waits for a decision comes first.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read, type ExceptionRequest } from '../api'
import { day } from '../format'
import { Answer, Button, Card, Empty, Page, Tag } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { exceptionsRoute } from '../router'
import { usePerson } from '../session'
import { AskForException } from './AskForException'
import { describe, toneOf } from './exceptionWords'

const kColumns: Column<ExceptionRequest>[] = [
  {
    name: 'What',
    value: describe,
    show: (one) => (
      <Link to="/exceptions/$id" params={{ id: one.id }}>
        {describe(one)}
      </Link>
    ),
  },
  { name: 'State', value: ({ state }) => state, show: (one) => <Tag tone={toneOf(one)}>{one.state}</Tag> },
  { name: 'Asked by', value: ({ request }) => request.asked.requested_by },
  { name: 'On', value: ({ request }) => request.made, show: ({ request }) => <time>{day(request.made)}</time> },
  { name: 'Decided by', value: ({ request }) => request.reviews.map(({ by }) => by).join(', ') },
  { name: 'Until', value: ({ ends }) => ends, show: ({ ends }) => <time>{day(ends)}</time> },
  { name: 'Reason', value: ({ request }) => request.asked.reason },
]

// They come oldest first, 200 at a time, and all of them are wanted.
async function readAll(signal: AbortSignal): Promise<ExceptionRequest[]> {
  const all: ExceptionRequest[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const page: { exceptions: ExceptionRequest[]; next?: string } = await read('/api/v1/exceptions', { cursor }, signal)
    all.push(...page.exceptions)
    cursor = page.next
  }
  return all.reverse()
}

export function Exceptions() {
  const me = usePerson()
  const { show, ask } = exceptionsRoute.useSearch()
  const [asking, setAsking] = useState(Boolean(ask) && me.may('exceptions.ask'))
  const query = useQuery({ queryKey: ['/api/v1/exceptions', 'all'], queryFn: ({ signal }) => readAll(signal) })
  const mayAsk = me.may('exceptions.ask')
  return (
    <Page
      title="Exceptions"
      lead="More than a budget or a rule allows, for a time, with a reason: asked by one person and decided by another."
      actions={
        mayAsk && (
          <Button kind="first" onClick={() => setAsking(true)}>
            Ask for one
          </Button>
        )
      }
    >
      <Answer query={query} what="exceptions">
        {(all) => {
          const waiting = all.filter(({ state }) => state === 'requested')
          const rest = show === 'waiting' ? [] : all.filter(({ state }) => state !== 'requested')
          return (
            <>
              <Card title="Waiting for a decision">
                {waiting.length === 0 ? (
                  <Empty title="Nothing waits">
                    <p>A request is here from the moment somebody makes it until somebody else decides.</p>
                  </Empty>
                ) : (
                  <DataTable
                    name="Requests that wait"
                    rows={waiting}
                    columns={kColumns}
                    rowKey={({ id }) => id}
                    file="exceptions-waiting"
                  />
                )}
              </Card>
              {rest.length > 0 && (
                <Card title="Decided">
                  <DataTable
                    name="Requests that were decided"
                    rows={rest}
                    columns={kColumns}
                    rowKey={({ id }) => id}
                    file="exceptions"
                  />
                </Card>
              )}
            </>
          )
        }}
      </Answer>
      {asking && <AskForException rule={ask} close={() => setAsking(false)} />}
    </Page>
  )
}

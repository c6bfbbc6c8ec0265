import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read, type SessionRow } from '../api'
import { ago, count, countShort, money, time } from '../format'
import { useLive } from '../live'
import { Answer, Button, Card, Empty, Page, Tag } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { sessionsRoute } from '../router'

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

export function Sessions() {
  const { since = '30d' } = sessionsRoute.useSearch()
  const query = useInfiniteQuery({
    queryKey: ['/api/v1/sessions', since],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read<{ sessions: SessionRow[]; next?: string }>(
        '/api/v1/sessions',
        { since, limit: 200, cursor: pageParam },
        signal,
      ),
    getNextPageParam: (last) => last.next,
  })
  useLive(['sessions', 'calls'], ['/api/v1/sessions'], 5_000)
  return (
    <Page
      title="Sessions"
      lead={
        'What people and their agents worked on, the latest first. ' +
        'Sort by cost to find the expensive ones, and open one to see why.'
      }
    >
      <Card>
        <Answer query={query} what="sessions">
          {({ pages }) => {
            const rows = pages.flatMap(({ sessions }) => sessions)
            if (rows.length === 0) {
              return (
                <Empty title="No sessions yet">
                  <p>A session begins with the first call of a tool that names one, as coding agents do.</p>
                </Empty>
              )
            }
            return (
              <>
                <DataTable
                  name="Sessions"
                  rows={rows}
                  columns={kColumns}
                  rowKey={(row, i) => `${row.session} ${i}`}
                  file="sessions"
                />
                {query.hasNextPage && (
                  <p>
                    <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
                      Earlier ones
                    </Button>
                  </p>
                )}
              </>
            )
          }}
        </Answer>
      </Card>
    </Page>
  )
}

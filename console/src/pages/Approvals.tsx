// Everything that waits for whoever looks, whichever register it is of.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read } from '../api'
import { day, plural, time } from '../format'
import { useLive } from '../live'
import { Answer, Button, Card, Empty, Page, Tag } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { placeOf, type Approval } from '../registers'

function toDo({ do: step }: Approval): string {
  if (step === 'answer') return 'Answer the questions'
  if (step.startsWith('review:')) return `Review: ${step.slice('review:'.length)}`
  return 'Decide'
}

const kWords: Record<string, string> = { exception: 'Exception', agent: 'Agent' }

const kColumns: Column<Approval>[] = [
  {
    name: 'What',
    value: ({ title }) => title,
    show: (one) => <Link to={placeOf(one)}>{one.title}</Link>,
  },
  { name: 'Of', value: ({ kind }) => kWords[kind] ?? 'Intake' },
  { name: 'To do', value: toDo },
  { name: 'About', value: ({ what }) => what },
  { name: 'Asked by', value: ({ asked_by: by }) => by },
  { name: 'Since', value: ({ since }) => since, show: ({ since }) => <time title={time(since)}>{day(since)}</time> },
  {
    name: 'Due',
    value: ({ due }) => due,
    show: ({ due, overdue }) => (
      <>
        <time title={time(due)}>{day(due)}</time> {overdue && <Tag tone="bad">overdue</Tag>}
      </>
    ),
  },
]

export function Approvals() {
  const query = useInfiniteQuery({
    queryKey: ['/api/v1/approvals'],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read<{ approvals: Approval[]; next?: string }>('/api/v1/approvals', { cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next,
  })
  useLive(['approvals'], ['/api/v1/approvals'], 500)
  return (
    <Page
      title="Approvals"
      lead="What waits for you: questions to answer, reviews, and decisions. What is due first comes first."
    >
      <Card>
        <Answer query={query} what="what waits for you">
          {({ pages }) => {
            const rows = pages.flatMap(({ approvals }) => approvals)
            if (rows.length === 0) {
              return (
                <Empty title="Nothing waits for you">
                  <p>
                    A request is here from the moment that somebody makes it, for everybody who may decide about it.
                    Nobody sees their own here: somebody else decides.
                  </p>
                </Empty>
              )
            }
            const late = rows.filter(({ overdue }) => overdue).length
            return (
              <>
                <DataTable
                  name="What waits for you"
                  rows={rows}
                  columns={kColumns}
                  rowKey={({ kind, id, do: step }) => `${kind} ${id} ${step}`}
                  note={late > 0 ? `${plural(rows.length, 'thing')}, ${late} overdue` : plural(rows.length, 'thing')}
                  file="approvals"
                />
                {query.hasNextPage && (
                  <p>
                    <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
                      More
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

// A list that the server gives in pages: what is here can be sorted and copied, what is not comes when it is asked for.
// However long the list is, a page holds so much of it and no more: who looks for one of a million says more of it.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { read, type Parameters } from '../api'
import { count } from '../format'
import { Answer, Button, styles } from './basics'
import { DataTable, type Column } from './DataTable'

const kRowsMax = 10_000

export function PagedTable<T>({
  path,
  parameters = {},
  member,
  name,
  columns,
  rowKey,
  file,
  empty,
  more = 'Show more',
}: {
  path: string
  parameters?: Parameters
  member: string // of the answer: the list
  name: string
  columns: Column<T>[]
  rowKey: (row: T) => string
  file: string
  empty: ReactNode
  more?: string // what the button that brings the next ones says
}) {
  const query = useInfiniteQuery({
    queryKey: [path, parameters],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read<Record<string, unknown> & { next?: string }>(path, { ...parameters, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next,
  })
  const pages = query.data?.pages
  const rows = useMemo(() => (pages ?? []).flatMap((page) => (page[member] ?? []) as T[]), [pages, member])
  return (
    <Answer query={query} what={name.toLowerCase()}>
      {() => {
        if (rows.length === 0) return empty
        return (
          <>
            <DataTable
              name={name}
              rows={rows}
              columns={columns}
              rowKey={rowKey}
              file={file}
              note={query.hasNextPage ? `The first ${count(rows.length)}` : undefined}
            />
            {query.hasNextPage && (
              <p>
                {rows.length < kRowsMax ? (
                  <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
                    {more}
                  </Button>
                ) : (
                  <span className={styles.soft}>
                    There are more, and this is as much as a page shows at once. Say more exactly what you look for.
                  </span>
                )}
              </p>
            )}
          </>
        )
      }}
    </Answer>
  )
}

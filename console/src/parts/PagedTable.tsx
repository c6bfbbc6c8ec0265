// A list that the server gives in pages: what is here can be sorted and copied, what is not comes when it is asked for.

import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { read, type Parameters } from '../api'
import { count } from '../format'
import { Answer, Button } from './basics'
import { DataTable, type Column } from './DataTable'

export function PagedTable<T>({
  path,
  parameters = {},
  member,
  name,
  columns,
  rowKey,
  file,
  empty,
}: {
  path: string
  parameters?: Parameters
  member: string // of the answer: the list
  name: string
  columns: Column<T>[]
  rowKey: (row: T) => string
  file: string
  empty: ReactNode
}) {
  const query = useInfiniteQuery({
    queryKey: [path, parameters],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read<Record<string, unknown> & { next?: string }>(path, { ...parameters, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next,
  })
  return (
    <Answer query={query} what={name.toLowerCase()}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => (page[member] ?? []) as T[])
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
                <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
                  Show more
                </Button>
              </p>
            )}
          </>
        )
      }}
    </Answer>
  )
}

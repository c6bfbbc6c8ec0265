// Who is signed in. Asked once, and again when the server says that somebody no longer is.

import { QueryClient, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { ApiError, read, type Me } from './api'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => error instanceof ApiError && error.status === 503 && failures < 5,
      retryDelay: (failures) => 400 * 2 ** failures,
    },
  },
})

// The sign-in may end at any moment: whichever page notices first brings everybody to the door.
queries.getQueryCache().subscribe(({ query, type }) => {
  if (type !== 'updated' || query.queryKey[0] === 'me') return
  const { error } = query.state
  if (error instanceof ApiError && error.status === 401) void queries.invalidateQueries({ queryKey: ['me'] })
})

export const useMe = () =>
  useQuery({ queryKey: ['me'], queryFn: ({ signal }) => read<Me>('/api/v1/me', {}, signal), retry: false })

// For pages, which are shown only to whoever is signed in.
export function usePerson(): Me & { may: (permission: string) => boolean } {
  const { data } = useSuspenseQuery({ queryKey: ['me'], queryFn: () => read<Me>('/api/v1/me') })
  return { ...data, may: (permission) => data.permissions.includes(permission) }
}

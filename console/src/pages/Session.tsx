// One session along time: each call, what was decided and why, how long it took and what it cost.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read, type SessionCall } from '../api'
import { Answer, Page } from '../parts/basics'
import { sessionRoute } from '../router'
import { Trace } from './SessionTrace'

export function Session() {
  const { session } = sessionRoute.useParams()
  const query = useQuery({
    queryKey: ['/api/v1/sessions', 'one', session],
    queryFn: ({ signal }) =>
      read<{ calls: SessionCall[]; cut: boolean }>(`/api/v1/sessions/${encodeURIComponent(session)}`, {}, signal),
  })
  return (
    <Page title={`Session ${session}`} lead={<Link to="/sessions">All sessions</Link>}>
      <Answer query={query} what="the session">
        {({ calls, cut }) => <Trace calls={calls} cut={cut} />}
      </Answer>
    </Page>
  )
}

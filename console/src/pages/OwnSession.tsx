// A session of one's own, as one may see it without a role for others'.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read, type SessionCall } from '../api'
import { Answer, Page } from '../parts/basics'
import { ownSessionRoute } from '../router'
import { Trace } from './SessionTrace'

export function OwnSession() {
  const { session } = ownSessionRoute.useParams()
  const query = useQuery({
    queryKey: ['/api/v1/me/sessions', 'one', session],
    queryFn: ({ signal }) =>
      read<{ calls: SessionCall[]; cut: boolean }>(`/api/v1/me/sessions/${encodeURIComponent(session)}`, {}, signal),
  })
  return (
    <Page title={`Session ${session}`} lead={<Link to="/you">Your page</Link>}>
      <Answer query={query} what="the session">
        {({ calls, cut }) => <Trace calls={calls} cut={cut} />}
      </Answer>
    </Page>
  )
}

// One session along time: each call, what was decided and why, how long it took and what it cost.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read, type SessionCall } from '../api'
import { countShort, milliseconds, money, plural, time } from '../format'
import { Answer, Card, Page, Tag, type Tone } from '../parts/basics'
import { sessionRoute } from '../router'
import { usePerson } from '../session'
import styles from './Session.module.css'

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

const toneOf = ({ enforced, status }: SessionCall): Tone =>
  enforced === 'deny' ? 'bad' : status && status !== 'ok' ? 'warn' : undefined

function wordOf(call: SessionCall): string {
  if (call.enforced && call.enforced !== 'allow')
    return (
      { deny: 'refused', redact: 'replaced', degrade: 'cheaper model', route: 'routed' }[call.enforced] ?? call.enforced
    )
  return call.status ?? 'under way'
}

function Trace({ calls, cut }: { calls: SessionCall[]; cut: boolean }) {
  const starts = calls.map((call) => Date.parse(call.started ?? call.time))
  const begin = Math.min(...starts)
  const ends = calls.map((call, i) => (starts[i] ?? begin) + (call.total_us ?? 0) / 1000)
  const length = Math.max(Math.max(...ends) - begin, 1)
  const cost = calls.reduce((sum, call) => sum + (call.cost_nanos ?? 0), 0)
  const refused = calls.filter(({ enforced }) => enforced === 'deny').length
  const people = [...new Set(calls.map(({ person }) => person).filter(Boolean))].join(', ')
  return (
    <>
      <p className={styles.figures}>
        <span>
          by <b>{people}</b>
        </span>
        <span>
          <b>{plural(calls.length, 'call')}</b>
        </span>
        <span>
          <b>{money(cost)}</b>
        </span>
        <span>
          <b>{refused}</b> refused
        </span>
        <span>
          began <b>{time(calls[0]?.started ?? calls[0]?.time)}</b> UTC
        </span>
        {cut && <span>There are more calls than are shown here.</span>}
      </p>
      <Card title="Calls along time">
        <ol className={styles.trace}>
          {calls.map((call, i) => (
            <Call
              key={call.seq}
              call={call}
              left={(100 * ((starts[i] ?? begin) - begin)) / length}
              width={(100 * (call.total_us ?? 0)) / 1000 / length}
            />
          ))}
        </ol>
      </Card>
    </>
  )
}

function Call({ call, left, width }: { call: SessionCall; left: number; width: number }) {
  const mayRead = usePerson().may('ledger.read')
  const tone = toneOf(call)
  const model = call.model_served ?? call.model_asked ?? ''
  const why = [
    call.rule && `rule ${call.rule}`,
    call.findings && `found ${call.findings}`,
    call.model_asked && call.model_served && call.model_asked !== call.model_served && `asked for ${call.model_asked}`,
    call.status_reason,
  ]
    .filter(Boolean)
    .join('; ')
  return (
    <li className={styles.call}>
      {mayRead ? (
        <Link to="/ledger/$seq" params={{ seq: String(call.seq) }} aria-label={`Entry ${call.seq} of the ledger`}>
          {call.seq}
        </Link>
      ) : (
        <span>{call.seq}</span>
      )}
      <span>
        {model} {call.agent && <Tag>{call.agent}</Tag>}
      </span>
      <span className={styles.track} aria-hidden="true">
        <i data-tone={tone} style={{ left: `${Math.min(left, 99)}%`, width: `${width}%` }} />
      </span>
      <span>
        <Tag tone={tone}>{wordOf(call)}</Tag> {milliseconds(call.total_us)}
        {' · '}
        {countShort(call.output_tokens)} out ·{' '}
        {money(call.cost_nanos)}
      </span>
      {why && <p>{why}</p>}
    </li>
  )
}

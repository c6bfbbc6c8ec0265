// One's own page: what it cost, what was refused and why, what was asked for, and who Reeve takes one for.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { read, write, type ExceptionRequest } from '../api'
import type { DecisionRow, OwnDecisions, OwnSession, OwnSpend } from '../apiReading'
import { ago, count, countShort, day, daysBetween, money, plural, time } from '../format'
import { DailyChart, kLayersMax } from '../parts/Chart'
import { Answer, Button, Card, Code, Empty, Facts, Notice, Page, Tag, styles as basics } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import { ReasonDialog } from '../parts/ReasonDialog'
import { youRoute } from '../router'
import { usePerson } from '../session'
import { AskForException } from './AskForException'
import { deciderOf, modelOf } from './decisionWords'
import { describe, toneOf } from './exceptionWords'

const list = (names: string[]) =>
  names.map((name) => (
    <span key={name}>
      <Tag>{name}</Tag>{' '}
    </span>
  ))

export function You() {
  const me = usePerson()
  return (
    <Page
      title="You"
      lead="What you used, what was refused and why, and what you may do about it. Only you see this page."
    >
      {me.permissions.length > 0 && (
        <>
          <OwnSpendCard />
          <Refused />
          <OwnExceptions />
          <OwnSessions />
        </>
      )}
      <Card title={me.person}>
        <Facts
          rows={[
            ['Team', me.team],
            ['Groups', me.groups.length > 0 ? list(me.groups) : 'none'],
            ['Roles', me.roles.length > 0 ? list(me.roles) : me.decided_by === 'roles' ? 'none' : 'not in use here'],
            ['You may', me.permissions.length > 0 ? list(me.permissions) : 'nothing yet'],
          ]}
        />
      </Card>
      {me.decided_by === 'scopes' && (
        <Notice>
          <p>
            No roles are set up: whoever may run commands on this machine may do everything. With more people, give them
            roles in the governance directory (<code>kind: RoleBinding</code>).
          </p>
        </Notice>
      )}
    </Page>
  )
}

function layersOf({ days: rows }: OwnSpend) {
  const dates = rows.map((row) => row.day).sort()
  const [first, last] = [dates[0], dates.at(-1)]
  if (!first || !last) return { days: [], layers: [] }
  const days = daysBetween(
    new Date(Math.min(Date.parse(first), Date.parse(last) - 13 * 86_400_000)).toISOString().slice(0, 10),
    last,
  )
  const sums = new Map<string, number>()
  for (const row of rows) sums.set(row.model ?? '', (sums.get(row.model ?? '') ?? 0) + row.cost_nanos)
  const names = [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name)
  const shown = names.length > kLayersMax ? names.slice(0, kLayersMax - 1) : names
  const layers = [...shown, ...(names.length > shown.length ? ['All others'] : [])].map((name) => ({
    name: name || '(none)',
    values: days.map(() => 0),
  }))
  for (const row of rows) {
    const at = days.indexOf(row.day)
    const layer = layers[shown.indexOf(row.model ?? '')] ?? layers.at(-1)
    if (layer) layer.values[at] = (layer.values[at] ?? 0) + row.cost_nanos
  }
  return { days, layers }
}

function OwnSpendCard() {
  const query = useQuery({
    queryKey: ['/api/v1/me/spend'],
    queryFn: ({ signal }) => read<OwnSpend>('/api/v1/me/spend', { since: '30d' }, signal),
  })
  return (
    <Card title="Your spend" note="of the last 30 days">
      <Answer query={query} what="your spend">
        {(told) => <Days told={told} />}
      </Answer>
    </Card>
  )
}

function Days({ told }: { told: OwnSpend }) {
  const { days, layers } = useMemo(() => layersOf(told), [told])
  if (days.length === 0)
    return (
      <Empty title="No calls of yours yet">
        <p>Point your tool at this server, with a key of yours or by signing in, and what you use appears here.</p>
        <Code>{`export ANTHROPIC_BASE_URL=${location.origin}`}</Code>
      </Empty>
    )
  const cost = told.days.reduce((sum, row) => sum + row.cost_nanos, 0)
  const calls = told.days.reduce((sum, row) => sum + row.calls, 0)
  return (
    <>
      <p>{`${money(cost)} in ${plural(calls, 'call')}.`}</p>
      <DailyChart name="Your spend by day and model" days={days} layers={layers} file="my-spend" />
    </>
  )
}

function Refused() {
  const me = usePerson()
  const [asking, setAsking] = useState<string>()
  const [objecting, setObjecting] = useState<DecisionRow>()
  const query = useQuery({
    queryKey: ['/api/v1/me/decisions', 'refused'],
    queryFn: ({ signal }) =>
      read<OwnDecisions>('/api/v1/me/decisions', { outcome: 'refused', since: '30d', limit: 100 }, signal),
  })
  const mayAsk = me.may('exceptions.ask')
  return (
    <Card title="What was refused" note="in the last 30 days">
      <Answer query={query} what="what was refused">
        {({ decisions, rules }) => {
          if (decisions.length === 0)
            return (
              <Empty title="Nothing of yours was refused">
                <p>When something is, it stands here with the rule, the reason and the way forward.</p>
              </Empty>
            )
          const known = new Map(rules.map((rule) => [rule.rule, rule]))
          return (
            <DataTable
              name="Refused calls"
              rows={decisions}
              rowKey={({ seq }) => String(seq)}
              file="refused"
              columns={[
                { name: 'When', value: (row) => row.time, show: (row) => <time>{time(row.time)}</time> },
                { name: 'Model', value: modelOf },
                { name: 'By', value: deciderOf },
                { name: 'Why', value: (row) => known.get(row.rule ?? '')?.message ?? row.status_reason ?? row.reason },
                { name: 'Found', value: ({ findings }) => findings },
                { name: 'Way forward', value: (row) => known.get(row.rule ?? '')?.fix },
                {
                  name: 'Ask',
                  value: () => '',
                  show: (row) =>
                    mayAsk && (
                      <>
                        {(row.rule || row.budget) && (
                          <Button onClick={() => setAsking(row.budget ? '' : (row.rule ?? ''))}>
                            Ask…<span className={basics.hidden}>{` for an exception from ${deciderOf(row)}`}</span>
                          </Button>
                        )}
                        {row.findings && (
                          <Button kind="quiet" onClick={() => setObjecting(row)}>
                            Not that…<span className={basics.hidden}>{` ${row.findings}`}</span>
                          </Button>
                        )}
                      </>
                    ),
                },
              ]}
            />
          )
        }}
      </Answer>
      {asking !== undefined && <AskForException rule={asking} close={() => setAsking(undefined)} />}
      {objecting && (
        <ReasonDialog
          title="That finding was wrong"
          label="What it really is"
          hint="Whoever looks after the detectors reads it. Do not paste the value."
          action="Tell them"
          close={() => setObjecting(undefined)}
          act={(reason) =>
            write('POST', '/api/v1/content/appeals', {
              request_id: objecting.request,
              type: objecting.findings?.split(' ')[0],
              reason,
            })
          }
        >
          <p>{`Found was: ${objecting.findings}`}</p>
        </ReasonDialog>
      )}
    </Card>
  )
}

const kExceptions: Column<ExceptionRequest>[] = [
  { name: 'What', value: describe },
  { name: 'State', value: ({ state }) => state, show: (one) => <Tag tone={toneOf(one)}>{one.state}</Tag> },
  { name: 'Asked', value: ({ request }) => request.made, show: ({ request }) => <time>{day(request.made)}</time> },
  { name: 'Decided by', value: ({ request }) => request.reviews.map(({ by }) => by).join(', ') },
  {
    name: 'They said',
    value: ({ request }) =>
      request.reviews.map(({ reason, conditions }) => reason || (conditions ?? []).join('; ')).join('; '),
  },
  { name: 'Until', value: ({ ends }) => ends, show: ({ ends }) => <time>{day(ends)}</time> },
  { name: 'Your reason', value: ({ request }) => request.asked.reason },
]

function OwnExceptions() {
  const me = usePerson()
  const { ask } = youRoute.useSearch()
  const [asking, setAsking] = useState(Boolean(ask) && me.may('exceptions.ask'))
  const query = useQuery({
    queryKey: ['/api/v1/exceptions', 'own'],
    queryFn: ({ signal }) => read<{ exceptions: ExceptionRequest[] }>('/api/v1/me/exceptions', {}, signal),
  })
  return (
    <Card
      title="What you asked for"
      note={me.may('exceptions.ask') && <Button onClick={() => setAsking(true)}>Ask for an exception</Button>}
    >
      <Answer query={query} what="your exceptions">
        {({ exceptions }) =>
          exceptions.length === 0 ? (
            <Empty title="Nothing yet">
              <p>More of a budget, or being let off a rule: ask with a reason, and somebody else decides.</p>
            </Empty>
          ) : (
            <DataTable
              name="Requests of yours"
              rows={exceptions}
              columns={kExceptions}
              rowKey={({ id }) => id}
              file="my-exceptions"
            />
          )
        }
      </Answer>
      {asking && <AskForException rule={ask} close={() => setAsking(false)} />}
    </Card>
  )
}

const kSessions: Column<OwnSession>[] = [
  {
    name: 'Session',
    value: ({ session }) => session,
    show: ({ session }) => (
      <Link to="/you/sessions/$session" params={{ session }}>
        {session}
      </Link>
    ),
  },
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
  { name: 'Refused', number: true, value: ({ denied }) => denied },
  { name: 'Tokens out', number: true, value: (row) => row.output_tokens, show: (row) => countShort(row.output_tokens) },
  { name: 'Cost', number: true, value: (row) => row.cost_nanos / 1e9, show: (row) => money(row.cost_nanos) },
]

const OwnSessions = () => (
  <Card title="Your sessions">
    <PagedTable<OwnSession>
      path="/api/v1/me/sessions"
      parameters={{ since: '90d', limit: 50 }}
      member="sessions"
      name="Sessions of yours"
      columns={kSessions}
      rowKey={({ session }) => session}
      file="my-sessions"
      empty={
        <Empty title="No sessions of yours yet">
          <p>A session begins with the first call of a tool that names one, as coding agents do.</p>
        </Empty>
      }
    />
  </Card>
)

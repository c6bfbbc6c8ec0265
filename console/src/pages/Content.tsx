// What was found in requests: types, counts and where. What it was stands nowhere, so it is not shown either.

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { read, write } from '../api'
import type { Appeal, Detector, Finding, Findings } from '../apiReading'
import { count, plural, time } from '../format'
import { Answer, Button, Card, Empty, Page, Tag, styles as basics, type Tone } from '../parts/basics'
import { Choice, kTimes, type Option } from '../parts/Choice'
import { DataTable, type Column } from '../parts/DataTable'
import { ReasonDialog } from '../parts/ReasonDialog'
import { contentRoute } from '../router'
import { usePerson } from '../session'
import styles from './Filter.module.css'

const kBy: Option[] = [
  ['team', 'Team'],
  ['model', 'Model'],
  ['provider', 'Provider'],
  ['client', 'Tool'],
  ['repo', 'Repository'],
  ['person', 'Person'],
]
const kSeverity: Record<string, Tone> = { critical: 'bad', high: 'bad', medium: 'warn' }

export function Content() {
  const mayRead = usePerson().may('ledger.read')
  const { by = 'team', since = '30d' } = contentRoute.useSearch()
  const navigate = useNavigate()
  const go = (next: { by?: string; since?: string }) =>
    void navigate({ to: '/content', search: { by, since, ...next } })
  const query = useQuery({
    queryKey: ['/api/v1/content/findings', by, since],
    queryFn: ({ signal }) => read<Findings>('/api/v1/content/findings', { by, since }, signal),
    enabled: mayRead,
  })
  return (
    <Page
      title="Content"
      lead={
        'What was found in requests, and what became of them. ' +
        'Types and counts: the values themselves are recorded nowhere.'
      }
      actions={
        <div className={styles.filter}>
          <Choice label="By" value={by} options={kBy} choose={(next) => go({ by: next })} />
          <Choice label="Of" value={since} options={kTimes} choose={(next) => go({ since: next })} />
        </div>
      }
    >
      {mayRead && (
        <Answer query={query} what="what was found">
          {(told) => <Found told={told} title={kBy.find(([name]) => name === by)?.[1] ?? by} />}
        </Answer>
      )}
      <Appeals />
    </Page>
  )
}

interface ClassSum {
  name: string
  calls: number
  refused: number
  redacted: number
  types: number
}

function classesOf(findings: Finding[], classOf: (type: string) => string): ClassSum[] {
  const sums = new Map<string, ClassSum & { seen: Set<string> }>()
  for (const { type, calls, refused, redacted } of findings) {
    const name = classOf(type)
    const sum = sums.get(name) ?? { name, calls: 0, refused: 0, redacted: 0, types: 0, seen: new Set<string>() }
    sum.seen.add(type)
    sums.set(name, {
      ...sum,
      calls: sum.calls + calls,
      refused: sum.refused + refused,
      redacted: sum.redacted + redacted,
      types: sum.seen.size,
    })
  }
  return [...sums.values()].sort((a, b) => b.calls - a.calls)
}

const kCounts = <Row extends { calls: number; refused: number; redacted: number }>(): Column<Row>[] => [
  { name: 'Calls', number: true, value: ({ calls }) => calls, show: ({ calls }) => count(calls) },
  { name: 'Refused', number: true, value: ({ refused }) => refused, show: ({ refused }) => count(refused) },
  { name: 'Replaced', number: true, value: ({ redacted }) => redacted, show: ({ redacted }) => count(redacted) },
]

function Found({ told, title }: { told: Findings; title: string }) {
  const known = new Map(told.detectors.map((detector): [string, Detector] => [detector.type, detector]))
  const classOf = (type: string) => known.get(type)?.class ?? 'other'
  if (told.findings.length === 0)
    return (
      <Card>
        <Empty title="Nothing was found">
          <p>
            {told.detectors.length > 0
              ? `${plural(told.detectors.length, 'detector')} looked at every request of this time.`
              : 'No rule asks what is in requests, so nobody looked. One that names content.findings does.'}
          </p>
        </Empty>
      </Card>
    )
  return (
    <>
      <Card title="By class">
        <DataTable
          name="Findings by class"
          rows={classesOf(told.findings, classOf)}
          rowKey={({ name }) => name}
          file="findings-by-class"
          columns={[
            { name: 'Class', value: ({ name }) => name },
            { name: 'Types', number: true, value: ({ types }) => types },
            ...kCounts<ClassSum>(),
          ]}
        />
      </Card>
      <Card title={`By type and ${title.toLowerCase()}`}>
        <DataTable
          name={`Findings by type and ${title.toLowerCase()}`}
          rows={told.findings}
          rowKey={({ type, of }) => `${type}\n${of}`}
          file="findings"
          columns={[
            { name: 'Type', value: ({ type }) => known.get(type)?.title ?? type },
            { name: 'Class', value: ({ type }) => classOf(type) },
            {
              name: 'Severity',
              value: ({ type }) => known.get(type)?.severity,
              show: ({ type }) => {
                const severity = known.get(type)?.severity
                return severity && <Tag tone={kSeverity[severity]}>{severity}</Tag>
              },
            },
            { name: title, value: ({ of }) => of || '(none)' },
            ...kCounts<Finding>(),
            { name: 'People', number: true, value: ({ people }) => people },
            { name: 'Last', value: ({ last }) => last, show: ({ last }) => <time>{time(last)}</time> },
          ]}
        />
      </Card>
    </>
  )
}

const kStates: Record<string, Tone> = { open: 'warn', accepted: 'good' }

function Appeals() {
  const me = usePerson()
  const [deciding, setDeciding] = useState<{ appeal: Appeal; decision: 'accept' | 'reject' }>()
  const query = useQuery({
    queryKey: ['/api/v1/content/appeals'],
    queryFn: ({ signal }) => read<{ appeals: Appeal[] }>('/api/v1/content/appeals', {}, signal),
  })
  const mayDecide = me.may('policy.write')
  const columns: Column<Appeal>[] = [
    { name: 'When', value: ({ at }) => at, show: ({ at }) => <time>{time(at)}</time> },
    { name: 'Type', value: ({ type }) => type },
    { name: 'By', value: ({ by }) => by },
    { name: 'What it really is', value: ({ reason }) => reason },
    { name: 'State', value: ({ state }) => state, show: ({ state }) => <Tag tone={kStates[state]}>{state}</Tag> },
    {
      name: 'Decided',
      value: (one) => (one.decided_by ? `${one.decided_by}: ${one.decided_reason}` : ''),
      show: (appeal) =>
        appeal.decided_by
          ? `${appeal.decided_by}: ${appeal.decided_reason}`
          : mayDecide &&
            appeal.by !== me.person && (
              <>
                <Button onClick={() => setDeciding({ appeal, decision: 'accept' })}>
                  Accept…<span className={basics.hidden}>{` ${appeal.type}`}</span>
                </Button>{' '}
                <Button onClick={() => setDeciding({ appeal, decision: 'reject' })}>
                  Reject…<span className={basics.hidden}>{` ${appeal.type}`}</span>
                </Button>
              </>
            ),
    },
  ]
  return (
    <Card title="Findings that people say are wrong">
      <Answer query={query} what="appeals">
        {({ appeals }) =>
          appeals.length === 0 ? (
            <Empty title="Nobody has objected">
              <p>
                Whoever made a call says so on their own page, or with <code>reeve detectors appeal</code>. It is
                decided here, and changes no detector by itself.
              </p>
            </Empty>
          ) : (
            <DataTable
              name="Appeals"
              rows={appeals}
              columns={columns}
              rowKey={({ appeal }) => String(appeal)}
              file="appeals"
            />
          )
        }
      </Answer>
      {deciding && (
        <ReasonDialog
          title={deciding.decision === 'accept' ? 'The finding was wrong' : 'The finding was right'}
          action={deciding.decision === 'accept' ? 'Accept' : 'Reject'}
          close={() => setDeciding(undefined)}
          act={(reason) =>
            write('POST', `/api/v1/content/appeals/${deciding.appeal.appeal}`, { decision: deciding.decision, reason })
          }
        >
          <p>{`${deciding.appeal.by} says of ${deciding.appeal.type}: ${deciding.appeal.reason}`}</p>
        </ReasonDialog>
      )}
    </Card>
  )
}

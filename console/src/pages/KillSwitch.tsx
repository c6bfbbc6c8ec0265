// What is cut off, and the switch. A switch needs a reason, and what it does is said before it does it.

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read, write, type Cutoff } from '../api'
import { time } from '../format'
import { useLive } from '../live'
import { Answer, Button, Card, Empty, Field, Notice, Page, Problem, Tag, styles as basics } from '../parts/basics'
import { Choice, type Option } from '../parts/Choice'
import { DataTable, type Column } from '../parts/DataTable'
import { Modal } from '../parts/Modal'
import { queries, usePerson } from '../session'
import { Drill } from './Drill'

const kKinds: [string, string, string][] = [
  ['person', 'A person', 'ada@example.com'],
  ['group', 'A group', 'contractors'],
  ['session', 'A session', 'the id that the session has'],
  ['agent', 'An agent', 'its name'],
  ['key', 'A key', 'key_…'],
  ['model', 'Models', 'claude-opus-*'],
  ['provider', 'A provider', 'its name in reeve.yaml'],
  ['all', 'Everything', ''],
]

const kColumns: Column<Cutoff>[] = [
  { name: 'What', value: ({ scope }) => scope },
  { name: 'State', value: ({ on }) => (on ? 'off' : 'on again'), show: (cutoff) => <State cutoff={cutoff} /> },
  { name: 'Since', value: ({ at }) => at, show: ({ at }) => <time>{time(at)}</time> },
  { name: 'By', value: ({ by }) => by },
  { name: 'Reason', value: ({ reason }) => reason },
  { name: 'Ended', value: ({ ended }) => ended, show: ({ ended }) => <time>{time(ended)}</time> },
  { name: 'Ended by', value: ({ ended_by: by }) => by },
]

const State = ({ cutoff }: { cutoff: Cutoff }) =>
  cutoff.practice ? <Tag>practice</Tag> : cutoff.on ? <Tag tone="bad">cut off</Tag> : <Tag>on again</Tag>

export function KillSwitch() {
  const me = usePerson()
  const [cutting, setCutting] = useState(false)
  const [ending, setEnding] = useState<Cutoff>()
  const query = useQuery({
    queryKey: ['/api/v1/kill-switch'],
    queryFn: ({ signal }) => read<{ cutoffs: Cutoff[] }>('/api/v1/kill-switch', { state: 'all' }, signal),
  })
  useLive(['kill_switch'], ['/api/v1/kill-switch'], 200)
  const maySwitch = me.may('kill.switch')
  return (
    <Page
      title="Kill switch"
      lead={
        'Cuts a person, a group, an agent, a model, a provider or everything off from models: ' +
        'new calls at once, those under way within a second, on every node.'
      }
      actions={
        maySwitch && (
          <Button kind="danger" onClick={() => setCutting(true)}>
            Cut off…
          </Button>
        )
      }
    >
      <Answer query={query} what="what is cut off">
        {({ cutoffs }) => {
          const on = cutoffs.filter((cutoff) => cutoff.on && !cutoff.practice)
          return (
            <>
              <Card title="Cut off now">
                {on.length === 0 ? (
                  <Empty title="Nothing is cut off">
                    <p>Calls go their way, as far as the rules and budgets let them.</p>
                  </Empty>
                ) : (
                  on.map((cutoff) => (
                    <Now key={cutoff.id} cutoff={cutoff} end={maySwitch ? () => setEnding(cutoff) : undefined} />
                  ))
                )}
              </Card>
              {cutoffs.length > 0 && (
                <Card title="All there ever were">
                  <DataTable name="Cutoffs" rows={cutoffs} columns={kColumns} rowKey={({ id }) => id} file="cutoffs" />
                </Card>
              )}
            </>
          )
        }}
      </Answer>
      <Drill />
      {cutting && <CutOff close={() => setCutting(false)} />}
      {ending && <LetOn cutoff={ending} close={() => setEnding(undefined)} />}
    </Page>
  )
}

function Now({ cutoff, end }: { cutoff: Cutoff; end?: () => void }) {
  return (
    <Notice tone="bad">
      <p>
        <strong>{cutoff.scope}</strong> since {time(cutoff.at)} UTC, by {cutoff.by}
        {cutoff.until && `, until ${time(cutoff.until)} UTC`}
      </p>
      <p>{cutoff.reason}</p>
      {end && (
        <p>
          <Button onClick={end}>
            Let on again…<span className={basics.hidden}> {cutoff.scope}</span>
          </Button>
        </p>
      )}
    </Notice>
  )
}

const refresh = () => queries.invalidateQueries({ queryKey: ['/api/v1/kill-switch'] })

function CutOff({ close }: { close: () => void }) {
  const [kind, setKind] = useState('person')
  const [name, setName] = useState('')
  const [reason, setReason] = useState('')
  // Sent again after an answer that was lost, it is still done once.
  const [key] = useState(() => crypto.randomUUID())
  const scope = kind === 'all' ? 'all' : `${kind}:${name.trim()}`
  const cut = useMutation({
    mutationFn: () => write('POST', '/api/v1/kill-switch', { scope, reason }, `${key}-${encodeURIComponent(scope)}`),
    onSuccess: () => {
      void refresh()
      close()
    },
  })
  return (
    <Modal
      title="Cut off"
      close={close}
      submit={() => cut.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="danger" type="submit" disabled={cut.isPending}>
            Cut off now
          </Button>
        </>
      }
    >
      {cut.error && <Problem error={cut.error} />}
      <Choice
        label="What"
        value={kind}
        options={kKinds.map(([value, title]): Option => [value, title])}
        choose={setKind}
      />
      {kind === 'all' ? (
        <Notice tone="bad">
          <p>Nobody can call any model until somebody ends it. The console and this switch go on.</p>
        </Notice>
      ) : (
        <Field label="Name" hint={`Such as ${kKinds.find(([value]) => value === kind)?.[2]}`}>
          <input className={basics.input} value={name} onChange={(event) => setName(event.target.value)} required />
        </Field>
      )}
      <Field label="Reason" hint="Whoever is refused reads it.">
        <input
          className={basics.input}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          required
          maxLength={500}
        />
      </Field>
    </Modal>
  )
}

function LetOn({ cutoff, close }: { cutoff: Cutoff; close: () => void }) {
  const [reason, setReason] = useState('')
  const end = useMutation({
    mutationFn: () => write('DELETE', `/api/v1/kill-switch/${encodeURIComponent(cutoff.id)}`, { reason }),
    onSuccess: () => {
      void refresh()
      close()
    },
  })
  return (
    <Modal
      title={`Let ${cutoff.scope} on again?`}
      close={close}
      submit={() => end.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="first" type="submit" disabled={end.isPending}>
            Let on again
          </Button>
        </>
      }
    >
      {end.error && <Problem error={end.error} />}
      <p>It was cut off because: {cutoff.reason}</p>
      <Field label="Reason" hint="The ledger keeps it.">
        <input
          className={basics.input}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          required
          maxLength={500}
        />
      </Field>
    </Modal>
  )
}

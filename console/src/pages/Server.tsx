// What the server runs with, without a secret, and how it stands.

import { useQuery } from '@tanstack/react-query'
import { read } from '../api'
import type { Server as Told } from '../apiReading'
import { ago, count, plural, time } from '../format'
import { Answer, Card, Empty, Facts, Notice, Page, Tag, type Tone } from '../parts/basics'
import { DataTable } from '../parts/DataTable'

const kKeys: Record<string, Tone> = { serves: 'good', rests: 'warn' }

export function Server() {
  const query = useQuery({
    queryKey: ['/api/v1/server'],
    queryFn: ({ signal }) => read<Told>('/api/v1/server', {}, signal),
    refetchInterval: 15_000,
  })
  return (
    <Page
      title="Server"
      lead="What this server runs with, and how it stands. What it runs with changes in reeve.yaml, not here."
    >
      <Answer query={query} what="the server">
        {(told) => (
          <>
            <Troubles told={told} />
            <Health told={told} />
            <Providers told={told} />
            <Exports told={told} />
            <Settings told={told} />
          </>
        )}
      </Answer>
    </Page>
  )
}

function troublesOf({ providers, exports, index, cutoffs, checkpoint, cosigned, started_with: start }: Told): string[] {
  const troubles = [
    ...(providers ?? []).flatMap(({ name, keys }) =>
      keys
        .filter(({ state }) => state !== 'serves')
        .map((key) => `The key ${key.name} of ${name}: ${key.state.replaceAll('_', ' ')}.`),
    ),
    ...exports.filter((one) => one.held_up_by).map((one) => `The export ${one.name} is held up: ${one.held_up_by}`),
  ]
  if (!index.ready) troubles.push(`The ledger's index: ${index.why ?? 'not ready'}.`)
  if (cutoffs > 0) troubles.push(`The kill switch is on: ${plural(cutoffs, 'cutoff')}.`)
  if (start.witnesses.length > 0 && (!cosigned || cosigned.entries < (checkpoint?.entries ?? 0) - 10_000))
    troubles.push('Witnesses are behind: the newest entries are not cosigned yet.')
  return troubles
}

function Troubles({ told }: { told: Told }) {
  const troubles = troublesOf(told)
  return troubles.length === 0 ? (
    <Notice tone="good">
      <p>Nothing needs attention.</p>
    </Notice>
  ) : (
    <Notice tone="warn">
      <ul>
        {troubles.map((trouble) => (
          <li key={trouble}>{trouble}</li>
        ))}
      </ul>
    </Notice>
  )
}

function Health({ told }: { told: Told }) {
  const { started_with: start, checkpoint, cosigned } = told
  return (
    <Card title="Health">
      <Facts
        rows={[
          ['Version', start.version],
          ['Runs since', `${time(start.started)} UTC, ${ago(start.started)}`],
          ['Bundle in force', <code key="bundle">{told.bundle}</code>],
          ['Rules', count(told.rules)],
          ['Budgets', count(told.budgets)],
          [
            'Ledger',
            checkpoint
              ? `${checkpoint.origin}, ${plural(checkpoint.entries, 'entry', 'entries')} signed`
              : 'nothing is signed yet',
          ],
          ['Root of the ledger', checkpoint && <code key="root">{checkpoint.root}</code>],
          [
            'Witnesses',
            start.witnesses.length > 0
              ? `${start.witnesses.join(', ')}: ${count(cosigned?.entries)} entries cosigned by ${start.witness_quorum}`
              : 'none: nobody else has seen this ledger',
          ],
          ['Index', told.index.ready ? 'ready' : told.index.why],
        ]}
      />
    </Card>
  )
}

function Providers({ told: { providers = [], models } }: { told: Told }) {
  const rows = providers.flatMap(({ name, keys }) =>
    keys.length === 0
      ? [{ provider: name, key: '', state: 'needs no key', until: '' }]
      : keys.map((key) => ({ provider: name, key: key.name, state: key.state, until: key.until ?? '' })),
  )
  return (
    <Card title="Providers" note={`for ${models.join(', ')}`}>
      {rows.length === 0 ? (
        <Empty title="No providers">
          <p>
            Name one in <code>providers</code> of reeve.yaml, with the models that it serves.
          </p>
        </Empty>
      ) : (
        <DataTable
          name="Providers and their keys"
          rows={rows}
          rowKey={({ provider, key }) => `${provider}\n${key}`}
          file="providers"
          columns={[
            { name: 'Provider', value: ({ provider }) => provider },
            { name: 'Key', value: ({ key }) => key },
            {
              name: 'State',
              value: ({ state }) => state,
              show: ({ state }) => (
                <Tag tone={state === 'needs no key' ? undefined : (kKeys[state] ?? 'bad')}>
                  {state.replaceAll('_', ' ')}
                </Tag>
              ),
            },
            { name: 'Until', value: ({ until }) => until, show: ({ until }) => until && <time>{time(until)}</time> },
          ]}
        />
      )}
    </Card>
  )
}

function Exports({ told: { exports } }: { told: Told }) {
  return (
    <Card title="Exports">
      {exports.length === 0 ? (
        <Empty title="The ledger goes nowhere else">
          <p>
            <code>exports</code> in reeve.yaml sends it to a SIEM, a file or object storage.
          </p>
        </Empty>
      ) : (
        <DataTable
          name="Exports and how far they are"
          rows={exports}
          rowKey={({ name }) => name}
          file="exports"
          columns={[
            { name: 'Export', value: ({ name }) => name },
            { name: 'To', value: ({ sink }) => sink },
            { name: 'Entries behind', number: true, value: ({ lag }) => lag, show: ({ lag }) => count(lag) },
            {
              name: 'State',
              value: (one) => one.held_up_by ?? (one.begun ? 'goes on' : 'not begun'),
              show: (one) =>
                one.held_up_by ? (
                  <Tag tone="bad">{one.held_up_by}</Tag>
                ) : one.begun ? (
                  <Tag tone="good">goes on</Tag>
                ) : (
                  'not begun'
                ),
            },
          ]}
        />
      )}
    </Card>
  )
}

const yes = (flag: boolean) => (flag ? 'yes' : 'no')

function Settings({ told: { started_with: start } }: { told: Told }) {
  return (
    <Card title="Settings" note="as they were at the start">
      <Facts
        rows={[
          ['Listens on', start.listens],
          ['People reach it at', start.public_url],
          ['TLS', yes(start.tls)],
          ['Node', start.node],
          ['Shares a database with other nodes', yes(start.shares_a_database)],
          ['Directory (SCIM)', yes(start.directory)],
          ['Register of agents', yes(start.agents)],
          [
            'Who may sign in people',
            start.issuers.map(({ name, issuer }) => name || issuer).join(', ') || 'nobody: links of this machine only',
          ],
          [
            'Content is kept',
            start.content === 'metadata'
              ? 'no: types and counts only'
              : start.content === 'hash'
                ? 'no: a keyed hash of it'
                : `sealed, for ${start.content_kept}`,
          ],
          ['Duties to keep records', start.retention_frameworks.join(', ')],
          ['Heartbeat', start.heartbeat],
        ]}
      />
    </Card>
  )
}

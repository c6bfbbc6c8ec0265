// Recorded decisions made once more by another bundle: what a change of rules would have changed.

import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { addressOf, read, write } from '../api'
import type { Bundles, Replay, ReplayGroup } from '../apiReading'
import { count, money, plural, time } from '../format'
import { Button, Card, Empty, Field, Notice, Problem, styles as basics } from '../parts/basics'
import { Choice, kDay, kMonth, kWeek, type Option } from '../parts/Choice'
import { DataTable, type Column } from '../parts/DataTable'
import { usePerson } from '../session'
import styles from './Filter.module.css'

const kTimes = [kDay, kWeek, kMonth]
const short = (digest: string) => digest.replace('sha256:', '').slice(0, 12)

const groupColumns = (title: string, name: (group: ReplayGroup) => string | undefined): Column<ReplayGroup>[] => [
  { name: title, value: name },
  { name: 'Decisions', number: true, value: ({ decisions }) => decisions, show: (group) => count(group.decisions) },
  { name: 'People', number: true, value: ({ people }) => people },
  { name: 'Refused then', number: true, value: (group) => group.now_refused },
  {
    name: 'What those cost',
    number: true,
    value: (group) => group.refused_cost_nanos / 1e9,
    show: (group) => money(group.refused_cost_nanos),
  },
  { name: 'Allowed then', number: true, value: (group) => group.now_allowed },
]

export function ReplayCard({ path }: { path: string }) {
  const me = usePerson()
  const bundles = useQuery({
    queryKey: ['/api/v1/policy/bundles'],
    queryFn: ({ signal }) => read<Bundles>('/api/v1/policy/bundles', {}, signal),
    enabled: me.may('policy.read'),
  })
  const kept = (bundles.data?.bundles ?? [])
    .filter(({ in_force: inForce }) => !inForce)
    .map((bundle): Option => [bundle.digest, `${short(bundle.digest)}, kept ${time(bundle.kept)}`])
  const [digest, setDigest] = useState('')
  const [since, setSince] = useState('7d')
  const [file, setFile] = useState<{ name: string; text: string }>()
  const replay = useMutation({
    mutationFn: () =>
      write<Replay>('POST', addressOf(path, { since }), file ? (JSON.parse(file.text) as unknown) : { bundle: digest }),
  })
  return (
    <Card title="What would other rules have decided?">
      <form
        className={styles.filter}
        onSubmit={(event) => {
          event.preventDefault()
          replay.mutate()
        }}
      >
        <Choice
          label="Rules"
          hint="Those in force, or a bundle that this server ran under before."
          value={digest}
          disabled={Boolean(file)}
          options={[['', 'In force now'], ...kept]}
          choose={setDigest}
        />
        <Field label="or a file" hint="Of reeve policy bundle DIR -o FILE: rules that are not in force yet.">
          <input
            type="file"
            className={basics.input}
            accept=".json,application/json"
            onChange={(event) => {
              const chosen = event.target.files?.[0]
              if (!chosen) return setFile(undefined)
              void chosen.text().then((text) => setFile({ name: chosen.name, text }))
            }}
          />
        </Field>
        <Choice
          label="Over"
          hint="Each recorded call is decided once more."
          value={since}
          options={kTimes}
          choose={setSince}
        />
        <Button type="submit" disabled={replay.isPending}>
          {replay.isPending ? 'Deciding…' : 'Replay'}
        </Button>
      </form>
      {replay.error && <Problem error={replay.error} />}
      {replay.data && <Told told={replay.data} />}
    </Card>
  )
}

function Told({ told }: { told: Replay }) {
  const left = told.not_replayed.bundle_unknown + told.not_replayed.facts_cut + told.not_replayed.unreadable
  if (told.decisions === 0)
    return (
      <Empty title="No calls in this time">
        <p>Take a longer one: there is nothing to decide once more.</p>
      </Empty>
    )
  return (
    <>
      <Notice tone={told.changes.decisions === 0 ? 'good' : 'warn'} alert>
        <p>
          {`${plural(told.decisions, 'decision')}; ${count(told.changes.decisions)} would end differently, for ` +
            `${plural(told.changes.people, 'person', 'people')}. ` +
            (told.changes.now_refused > 0
              ? `What would be refused cost ${money(told.changes.refused_cost_nanos)}.`
              : '')}
          {left > 0 && ` ${count(left)} could not be decided once more.`}
        </p>
      </Notice>
      {told.by_rule.length > 0 && (
        <DataTable
          name="By rule"
          rows={told.by_rule}
          columns={groupColumns('Rule', ({ rule }) => rule)}
          rowKey={({ rule }) => rule ?? ''}
          file="replay-by-rule"
        />
      )}
      {told.by_person.length > 0 && (
        <DataTable
          name="By person"
          rows={told.by_person}
          columns={groupColumns('Person', ({ person }) => person)}
          rowKey={({ person }) => person ?? ''}
          file="replay-by-person"
        />
      )}
      {told.differences.length > 0 && (
        <DataTable
          name="The first calls that differ"
          rows={told.differences}
          rowKey={({ seq }) => String(seq)}
          file="replay-differences"
          columns={[
            {
              name: 'When',
              value: ({ time: at }) => at,
              show: (row) => (
                <Link to="/decisions/$seq" params={{ seq: String(row.seq) }}>
                  {time(row.time)}
                </Link>
              ),
            },
            { name: 'Person', value: ({ person }) => person },
            { name: 'Model', value: ({ model }) => model },
            { name: 'Was', value: ({ was }) => `${was.effect} by ${was.rule ?? 'default'}` },
            { name: 'Would be', value: ({ would_be: now }) => `${now.effect} by ${now.rule ?? 'default'}` },
            { name: 'Differs in', value: ({ parts }) => parts },
          ]}
        />
      )}
    </>
  )
}

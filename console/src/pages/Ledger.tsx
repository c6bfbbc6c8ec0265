// The ledger: what happened, the latest first. A filter is a condition, as rules have them; the usual ones have a
// button.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { read, type Entry } from '../api'
import { money, time } from '../format'
import { Answer, Button, Card, Empty, Field, Page, Tag, styles as basics } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { ledgerRoute } from '../router'
import { aboutOf, effectOf, toneOfEntry, whoOf } from './entryWords'
import styles from './Ledger.module.css'

const kPresets: [string, string][] = [
  ['Everything', ''],
  ['Refused', 'decision.enforced == "deny"'],
  ['Replaced', 'decision.enforced == "redact"'],
  ['Cheaper model', 'decision.enforced == "degrade"'],
  ['Something found', 'content.findings.exists(f, f.type != "")'],
  ['Exceptions', 'kind.startsWith("exception.")'],
  ['Kill switch', 'kind.startsWith("kill.")'],
  ['People and keys', 'kind.startsWith("identity.")'],
  ['Who read', 'kind == "ledger.read"'],
]

const kColumns: Column<Entry>[] = [
  {
    name: 'Entry',
    value: ({ seq }) => seq,
    show: ({ seq }) => (
      <Link to="/ledger/$seq" params={{ seq: String(seq) }}>
        {seq}
      </Link>
    ),
  },
  { name: 'Time (UTC)', value: (entry) => entry.time, show: (entry) => <time>{time(entry.time)}</time> },
  { name: 'What', value: ({ kind }) => kind },
  { name: 'Who', value: whoOf },
  { name: 'About', value: aboutOf },
  {
    name: 'Decision',
    value: effectOf,
    show: (entry) => effectOf(entry) && <Tag tone={toneOfEntry(entry)}>{effectOf(entry)}</Tag>,
  },
  { name: 'Rule', value: ({ decision }) => decision?.rules?.join(', ') },
  {
    name: 'Cost',
    number: true,
    value: ({ cost }) => (cost?.nanos === undefined ? undefined : cost.nanos / 1e9),
    show: ({ cost }) => (cost?.nanos === undefined ? '' : money(cost.nanos)),
  },
]

export function Ledger() {
  const { filter = '' } = ledgerRoute.useSearch()
  const query = useInfiniteQuery({
    queryKey: ['/api/v1/ledger/entries', filter],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read<{ entries: Entry[]; next?: string }>(
        '/api/v1/ledger/entries',
        { filter, limit: 100, cursor: pageParam },
        signal,
      ),
    getNextPageParam: (last) => last.next,
  })
  return (
    <Page
      title="Ledger"
      lead={
        'Everything that was decided and done, in an order that nobody can change afterwards. ' +
        'That you look is recorded, too.'
      }
    >
      <Card>
        <Asking key={filter} filter={filter} />
      </Card>
      <Card>
        <Answer query={query} what="entries">
          {({ pages }) => {
            const rows = pages.flatMap(({ entries }) => entries)
            if (rows.length === 0) {
              return (
                <Empty title="No entry is like that">
                  <p>
                    Conditions name members of entries, such as <code>principal.id == "ada@example.com"</code>.
                  </p>
                </Empty>
              )
            }
            return (
              <>
                <DataTable
                  name="Entries of the ledger"
                  rows={rows}
                  columns={kColumns}
                  rowKey={({ seq }) => String(seq)}
                  file="ledger"
                />
                {query.hasNextPage && (
                  <p>
                    <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
                      Earlier ones
                    </Button>
                  </p>
                )}
              </>
            )
          }}
        </Answer>
      </Card>
    </Page>
  )
}

function Asking({ filter }: { filter: string }) {
  const navigate = useNavigate()
  const [draft, setDraft] = useState(filter)
  const go = (to: string) => void navigate({ to: '/ledger', search: { filter: to || undefined } })
  return (
    <div className={styles.asking}>
      <div className={styles.presets} role="group" aria-label="Usual questions">
        {kPresets.map(([title, condition]) => (
          <Button
            key={title}
            kind={condition === filter ? 'first' : undefined}
            aria-pressed={condition === filter}
            onClick={() => go(condition)}
          >
            {title}
          </Button>
        ))}
      </div>
      <form
        className={styles.line}
        onSubmit={(event) => {
          event.preventDefault()
          go(draft.trim())
        }}
      >
        <Field label="Condition">
          <input
            className={basics.input}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            spellCheck={false}
            autoComplete="off"
            placeholder={'kind == "model.outcome" && cost.nanos > 1000000000'}
          />
        </Field>
        <Button type="submit">Ask</Button>
      </form>
    </div>
  )
}

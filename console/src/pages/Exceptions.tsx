// Who asked for more than a budget or a rule allows, and who decided. What waits for a decision comes first.

import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { read, write, type Budget, type ExceptionRequest } from '../api'
import { day } from '../format'
import { Answer, Button, Card, Empty, Field, Page, Problem, Tag, styles as basics } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { Modal } from '../parts/Modal'
import { exceptionsRoute } from '../router'
import { queries, usePerson } from '../session'
import { describe, toneOf } from './exceptionWords'

const kColumns: Column<ExceptionRequest>[] = [
  {
    name: 'What',
    value: describe,
    show: (one) => (
      <Link to="/exceptions/$id" params={{ id: one.id }}>
        {describe(one)}
      </Link>
    ),
  },
  { name: 'State', value: ({ state }) => state, show: (one) => <Tag tone={toneOf(one)}>{one.state}</Tag> },
  { name: 'Asked by', value: ({ request }) => request.asked.requested_by },
  { name: 'On', value: ({ request }) => request.made, show: ({ request }) => <time>{day(request.made)}</time> },
  { name: 'Decided by', value: ({ request }) => request.reviews.map(({ by }) => by).join(', ') },
  { name: 'Until', value: ({ ends }) => ends, show: ({ ends }) => <time>{day(ends)}</time> },
  { name: 'Reason', value: ({ request }) => request.asked.reason },
]

// They come oldest first, 200 at a time, and all of them are wanted.
async function readAll(signal: AbortSignal): Promise<ExceptionRequest[]> {
  const all: ExceptionRequest[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const page: { exceptions: ExceptionRequest[]; next?: string } = await read('/api/v1/exceptions', { cursor }, signal)
    all.push(...page.exceptions)
    cursor = page.next
  }
  return all.reverse()
}

export function Exceptions() {
  const me = usePerson()
  const { show } = exceptionsRoute.useSearch()
  const [asking, setAsking] = useState(false)
  const query = useQuery({ queryKey: ['/api/v1/exceptions', 'all'], queryFn: ({ signal }) => readAll(signal) })
  const mayAsk = me.may('exceptions.ask')
  return (
    <Page
      title="Exceptions"
      lead="More than a budget or a rule allows, for a time, with a reason: asked by one person and decided by another."
      actions={
        mayAsk && (
          <Button kind="first" onClick={() => setAsking(true)}>
            Ask for one
          </Button>
        )
      }
    >
      <Answer query={query} what="exceptions">
        {(all) => {
          const waiting = all.filter(({ state }) => state === 'requested')
          const rest = show === 'waiting' ? [] : all.filter(({ state }) => state !== 'requested')
          return (
            <>
              <Card title="Waiting for a decision">
                {waiting.length === 0 ? (
                  <Empty title="Nothing waits">
                    <p>A request is here from the moment somebody makes it until somebody else decides.</p>
                  </Empty>
                ) : (
                  <DataTable
                    name="Requests that wait"
                    rows={waiting}
                    columns={kColumns}
                    rowKey={({ id }) => id}
                    file="exceptions-waiting"
                  />
                )}
              </Card>
              {rest.length > 0 && (
                <Card title="Decided">
                  <DataTable
                    name="Requests that were decided"
                    rows={rest}
                    columns={kColumns}
                    rowKey={({ id }) => id}
                    file="exceptions"
                  />
                </Card>
              )}
            </>
          )
        }}
      </Answer>
      {asking && <Ask close={() => setAsking(false)} />}
    </Page>
  )
}

function Ask({ close }: { close: () => void }) {
  const navigate = useNavigate()
  const budgets = useQuery({
    queryKey: ['/api/v1/budgets'],
    queryFn: () => read<{ budgets: Budget[] }>('/api/v1/budgets'),
  })
  const [kind, setKind] = useState<'budget' | 'rule'>('budget')
  const [form, setForm] = useState({ name: '', add: '$50', until: '7d', reason: '' })
  const set = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [name]: event.target.value })
  const name = form.name || (kind === 'budget' ? (budgets.data?.budgets[0]?.name ?? '') : '')
  const ask = useMutation({
    mutationFn: () =>
      write<{ exception: ExceptionRequest }>(
        'POST',
        '/api/v1/exceptions',
        kind === 'budget'
          ? { budget: name, add: form.add, until: form.until, reason: form.reason }
          : { rule: name, until: form.until, reason: form.reason },
      ),
    onSuccess: ({ exception }) => {
      void queries.invalidateQueries({ queryKey: ['/api/v1/exceptions'] })
      void navigate({ to: '/exceptions/$id', params: { id: exception.id } })
    },
  })
  return (
    <Modal
      title="Ask for an exception"
      close={close}
      submit={() => ask.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="first" type="submit" disabled={ask.isPending}>
            Ask
          </Button>
        </>
      }
    >
      {ask.error && <Problem error={ask.error} />}
      <Field label="For">
        <select
          className={basics.input}
          value={kind}
          onChange={(event) => setKind(event.target.value as 'budget' | 'rule')}
        >
          <option value="budget">More of a budget</option>
          <option value="rule">Being let off a rule</option>
        </select>
      </Field>
      {kind === 'budget' ? (
        <>
          <Field label="Budget">
            <select className={basics.input} value={name} onChange={set('name')}>
              {budgets.data?.budgets.map((budget) => (
                <option key={budget.name} value={budget.name}>
                  {budget.title || budget.name}
                </option>
              ))}
            </select>
          </Field>
          <Field label="How much more">
            <input className={basics.input} value={form.add} onChange={set('add')} required />
          </Field>
        </>
      ) : (
        <Field label="Rule" hint="Its name, as the refusal says it.">
          <input className={basics.input} value={form.name} onChange={set('name')} required />
        </Field>
      )}
      <Field label="Until" hint="A time from now, such as 7d, or a date.">
        <input className={basics.input} value={form.until} onChange={set('until')} required />
      </Field>
      <Field label="Reason" hint="Whoever decides reads it; it stays in the ledger.">
        <textarea className={basics.input} rows={3} value={form.reason} onChange={set('reason')} required />
      </Field>
    </Modal>
  )
}

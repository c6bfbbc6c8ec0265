// Asking for an exception, from wherever somebody was refused.

import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { read, write, type Budget, type ExceptionRequest } from '../api'
import { Button, Field, Problem, styles as basics } from '../parts/basics'
import { Modal } from '../parts/Modal'
import { queries, usePerson } from '../session'

export function AskForException({ rule = '', close }: { rule?: string; close: () => void }) {
  const me = usePerson()
  const navigate = useNavigate()
  const budgets = useQuery({
    queryKey: ['/api/v1/budgets'],
    queryFn: () => read<{ budgets: Budget[] }>('/api/v1/budgets'),
  })
  const [kind, setKind] = useState<'budget' | 'rule'>(rule ? 'rule' : 'budget')
  const [form, setForm] = useState({ name: rule, add: '$50', until: '7d', reason: '' })
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
      // Whoever may not read all of them finds their own on their own page.
      if (me.may('exceptions.read')) void navigate({ to: '/exceptions/$id', params: { id: exception.id } })
      else close()
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

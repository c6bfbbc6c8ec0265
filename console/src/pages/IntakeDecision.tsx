// The written decision about an intake: what was read is what is decided about.

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { write } from '../api'
import { Button, Field, Problem, styles as basics } from '../parts/basics'
import { Modal } from '../parts/Modal'
import { kDecisions, type Intake } from '../registers'
import { intakePath, readAgain } from './intakeChanges'
import styles from './Registers.module.css'

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

// What reviewers found leaves only so much: the server refuses the rest, so it is not offered.
function choicesFor({ reviews = [] }: Intake): [string, string][] {
  const verdicts = reviews.map(({ verdict }) => verdict)
  if (verdicts.includes('fail')) return kDecisions.filter(([name]) => ['approve_with_exception', 'deny'].includes(name))
  return verdicts.includes('concerns') ? kDecisions.filter(([name]) => name !== 'approve') : kDecisions
}

export function Decide({ intake, close }: { intake: Intake; close: () => void }) {
  const choices = choicesFor(intake)
  const [decision, setDecision] = useState('')
  const [form, setForm] = useState({ reason: '', conditions: '', until: '30d', exception: '' })
  const set = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [name]: event.target.value })
  const hasConditions = decision === 'approve_with_conditions' || decision === 'approve_with_exception'
  const hasEnd = decision === 'approve_with_exception'
  const decide = useMutation({
    mutationFn: () =>
      write('POST', `${intakePath(intake.id)}/decision`, {
        decision,
        reason: form.reason.trim(),
        digest: intake.digest,
        ...(hasConditions ? { conditions: lines(form.conditions) } : {}),
        ...(hasEnd ? { until: form.until.trim() } : {}),
        ...(hasEnd && form.exception.trim() ? { exception: form.exception.trim() } : {}),
      }),
    onSuccess: () => {
      readAgain()
      close()
    },
  })
  return (
    <Modal
      title={`Decide: ${intake.title}`}
      close={close}
      submit={() => decide.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind={decision === 'deny' ? 'danger' : 'first'} type="submit" disabled={decide.isPending}>
            Put on record
          </Button>
        </>
      }
    >
      {decide.error && <Problem error={decide.error} />}
      <fieldset className={styles.question}>
        <legend>Decision</legend>
        {choices.map(([value, name]) => (
          <label key={value} className={styles.choice}>
            <input
              type="radio"
              name="decision"
              checked={decision === value}
              onChange={() => setDecision(value)}
              required
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      {hasConditions && (
        <Field label="Conditions" hint="One a line.">
          <textarea className={basics.input} rows={3} value={form.conditions} onChange={set('conditions')} required />
        </Field>
      )}
      {hasEnd && (
        <>
          <Field label="Until" hint="A time from now, such as 30d, or a date. Then its approval ends.">
            <input className={basics.input} value={form.until} onChange={set('until')} required />
          </Field>
          <Field label="Exception" hint="The id of one that was approved, where there is one.">
            <input className={basics.input} value={form.exception} onChange={set('exception')} />
          </Field>
        </>
      )}
      <Field label="Reason" hint="In writing, with your name, for whoever asks later.">
        <textarea className={basics.input} rows={3} value={form.reason} onChange={set('reason')} required />
      </Field>
    </Modal>
  )
}

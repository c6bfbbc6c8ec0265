// A checklist of a reviewer's, and what it comes to.

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { write } from '../api'
import { Button, Field, Problem, styles as basics } from '../parts/basics'
import { Modal } from '../parts/Modal'
import { kVerdicts, type Checklist, type Intake } from '../registers'
import { intakePath, readAgain } from './intakeChanges'
import styles from './Registers.module.css'

const kAnswers: [string, string][] = [
  ['yes', 'Yes'],
  ['no', 'No'],
  ['na', 'Does not apply'],
]

export function Review({ intake, checklist, close }: { intake: Intake; checklist: Checklist; close: () => void }) {
  const [answers, setAnswers] = useState<Record<string, string>>({})
  const [verdict, setVerdict] = useState('')
  const [comment, setComment] = useState('')
  const review = useMutation({
    mutationFn: () =>
      write('POST', `${intakePath(intake.id)}/reviews`, {
        checklist: checklist.name,
        verdict,
        answers,
        ...(comment.trim() ? { comment: comment.trim() } : {}),
        digest: intake.digest,
      }),
    onSuccess: () => {
      readAgain()
      close()
    },
  })
  return (
    <Modal
      title={`Review: ${checklist.title}`}
      close={close}
      submit={() => review.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="first" type="submit" disabled={review.isPending}>
            Put on record
          </Button>
        </>
      }
    >
      {review.error && <Problem error={review.error} />}
      <div className={styles.checks}>
        {checklist.questions.map(({ id, text }) => (
          <fieldset key={id} className={styles.question}>
            <legend>{text}</legend>
            <div className={styles.answers}>
              {kAnswers.map(([value, name]) => (
                <label key={value} className={styles.choice}>
                  <input
                    type="radio"
                    name={`check-${id}`}
                    checked={answers[id] === value}
                    onChange={() => setAnswers({ ...answers, [id]: value })}
                    required
                  />
                  <span>{name}</span>
                </label>
              ))}
            </div>
          </fieldset>
        ))}
      </div>
      <fieldset className={styles.question}>
        <legend>What it comes to</legend>
        {kVerdicts.map(([value, name]) => (
          <label key={value} className={styles.choice}>
            <input
              type="radio"
              name="verdict"
              checked={verdict === value}
              onChange={() => setVerdict(value)}
              required
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <Field label="Comment" hint="Needed where it does not simply pass. Whoever decides reads it.">
        <textarea
          className={basics.input}
          rows={3}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
          required={verdict !== 'pass' && verdict !== ''}
        />
      </Field>
    </Modal>
  )
}

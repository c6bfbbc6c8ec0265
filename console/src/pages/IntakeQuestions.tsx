// The questions of an intake on one page. Each answer is kept as it is given: who is called away goes on later.

import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { write } from '../api'
import { plural } from '../format'
import { Button, Card, Problem, styles as basics } from '../parts/basics'
import type { Form, Given, Intake, IntakeShown, Question } from '../registers'
import { queries } from '../session'
import { intakePath, readAgain } from './intakeChanges'
import styles from './Registers.module.css'

type Answers = Record<string, Given>

export function Questions({ intake, form, done }: { intake: Intake; form: Form; done: () => void }) {
  const [answers, setAnswers] = useState<Answers>(intake.answers ?? {})
  const save = useMutation({
    // One after the other: the last one given is the last one kept.
    scope: { id: `answers of ${intake.id}` },
    mutationFn: (changed: Answers) =>
      write<{ intake: Intake }>('POST', `${intakePath(intake.id)}/answers`, { answers: changed }),
    onSuccess: ({ intake: now }) => {
      if (now.state !== 'open') {
        readAgain()
        done()
        return
      }
      queries.setQueryData<IntakeShown>(['/api/v1/intake', 'one', intake.id], (shown) =>
        shown ? { ...shown, intake: now } : shown,
      )
    },
  })
  const give = (id: string, given: Given) => {
    setAnswers({ ...answers, [id]: given })
    save.mutate({ [id]: given })
  }
  const left = intake.missing?.length ?? 0
  return (
    <Card title="Questions" note={`${plural(form.questions.length, 'question')}, kept as you answer`}>
      <div className={styles.questions}>
        {form.questions.map((question, i) => (
          <Ask
            key={question.id}
            question={question}
            number={i + 1}
            given={answers[question.id]}
            give={(given) => give(question.id, given)}
          />
        ))}
        {save.error && <Problem error={save.error} />}
        <p className={styles.saved} role="status">
          {save.isPending
            ? 'Keeping it…'
            : left > 0
              ? `${plural(left, 'answer is', 'answers are')} missing${save.isSuccess ? '. Kept.' : '.'}`
              : 'All are answered.'}
        </p>
        {intake.state !== 'open' && (
          <p>
            <Button onClick={done}>Done</Button>
          </p>
        )}
      </div>
    </Card>
  )
}

function Ask({
  question,
  number,
  given,
  give,
}: {
  question: Question
  number: number
  given: Given | undefined
  give: (given: Given) => void
}) {
  const { text, help, optional, answers, many, id } = question
  const chosen = Array.isArray(given) ? given : given === undefined ? [] : [given]
  const helpId = useId()
  const head = (
    <>
      {number}. {text} {optional && <span className={basics.soft}>(may be left out)</span>}
    </>
  )
  if (!answers || answers.length === 0)
    return <Text head={head} help={help} given={given} give={give} optional={optional} />
  return (
    <fieldset className={styles.question} aria-describedby={help ? helpId : undefined}>
      <legend>{head}</legend>
      {help && <small id={helpId}>{help}</small>}
      <div>
        {answers.map((answer) => (
          <label key={answer.id} className={styles.choice}>
            <input
              type={many ? 'checkbox' : 'radio'}
              name={id}
              checked={chosen.includes(answer.id)}
              onChange={({ target }) => {
                if (!many) return give(answer.id)
                return give(target.checked ? [...chosen, answer.id] : chosen.filter((one) => one !== answer.id))
              }}
            />
            <span>{answer.text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

// Kept when it is left, and not with every letter.
function Text({
  head,
  help,
  given,
  give,
  optional,
}: {
  head: React.ReactNode
  help: string | undefined
  given: Given | undefined
  give: (given: Given) => void
  optional: boolean | undefined
}) {
  const before = Array.isArray(given) ? given.join(', ') : (given ?? '')
  const [text, setText] = useState(before)
  return (
    <label className={basics.field}>
      <span>{head}</span>
      {help && <small>{help}</small>}
      <textarea
        className={basics.input}
        rows={2}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          if (text.trim() !== before && (text.trim() !== '' || optional)) give(text.trim())
        }}
      />
    </label>
  )
}

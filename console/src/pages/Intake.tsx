// One intake, from the questions to the decision: whoever may do the next step finds it here, everybody else sees who
// is to do it.

import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read, write } from '../api'
import { day, plural, sentence, time } from '../format'
import { Answer, Button, Card, Facts, Field, Notice, Page, Problem, Tag, styles as basics } from '../parts/basics'
import { Modal } from '../parts/Modal'
import {
  kDecisions,
  kindOf,
  kVerdicts,
  statusOf,
  toneOfStatus,
  type Checklist,
  type Form,
  type Intake as IntakeTold,
  type IntakeShown,
} from '../registers'
import { intakeRoute } from '../router'
import { intakePath, readAgain } from './intakeChanges'
import { Decide } from './IntakeDecision'
import { Questions } from './IntakeQuestions'
import { Review } from './IntakeReview'
import styles from './Registers.module.css'

export function Intake() {
  const { id } = intakeRoute.useParams()
  const query = useQuery({
    queryKey: ['/api/v1/intake', 'one', id],
    queryFn: ({ signal }) => read<IntakeShown>(intakePath(id), {}, signal),
  })
  return (
    <Page title={query.data?.intake.title ?? 'Intake'} lead={<Link to="/intake">All intakes</Link>}>
      <Answer query={query} what="the intake">
        {(shown) => <Steps shown={shown} />}
      </Answer>
    </Page>
  )
}

function Steps({ shown }: { shown: IntakeShown }) {
  const { intake, form, may = [], why_not: whyNot = {} } = shown
  const [changing, setChanging] = useState(false)
  const mayAnswer = may.includes('answer')
  const isOpen = intake.state === 'open'
  return (
    <>
      <Told intake={intake} mayWithdraw={may.includes('withdraw')} />
      {mayAnswer && (isOpen || changing) ? (
        <Questions intake={intake} form={form} done={() => setChanging(false)} />
      ) : (
        <Answers intake={intake} form={form} change={mayAnswer ? () => setChanging(true) : undefined} />
      )}
      {intake.tier && <Tier intake={intake} form={form} />}
      {intake.checklists && intake.checklists.length > 0 && (
        <Reviews intake={intake} checklists={intake.checklists} may={may} />
      )}
      {!isOpen && <Decisions intake={intake} mayDecide={may.includes('decide')} whyNot={whyNot.decide} />}
    </>
  )
}

function Told({ intake, mayWithdraw }: { intake: IntakeTold; mayWithdraw: boolean }) {
  const [leaving, setLeaving] = useState(false)
  return (
    <Card
      title={<Tag tone={toneOfStatus(intake.state)}>{statusOf(intake.state)}</Tag>}
      note={intake.overdue ? 'overdue' : undefined}
    >
      <Facts
        rows={[
          ['Kind', kindOf(intake.kind)],
          [
            'In the inventory',
            <Link key="item" to="/inventory/$id" params={{ id: intake.item }}>
              {intake.title}
            </Link>,
          ],
          ['Asked by', `${intake.requested_by}, ${time(intake.started)} UTC`],
          ['Owner', intake.owner === intake.requested_by ? '' : intake.owner],
          ['Decided by', intake.due && `${day(intake.due)} at the latest`],
        ]}
      />
      {mayWithdraw && (
        <p>
          <Button kind="quiet" onClick={() => setLeaving(true)}>
            Withdraw it…
          </Button>
        </p>
      )}
      {leaving && <Withdraw intake={intake} close={() => setLeaving(false)} />}
    </Card>
  )
}

function Answers({ intake, form, change }: { intake: IntakeTold; form: Form; change?: () => void }) {
  const words = (id: string): string => {
    const question = form.questions.find((one) => one.id === id)
    const given = intake.answers?.[id]
    const all = Array.isArray(given) ? given : given === undefined ? [] : [given]
    return all.map((one) => question?.answers?.find((answer) => answer.id === one)?.text ?? one).join('; ')
  }
  return (
    <Card title="Answers">
      {form.questions.length > 0 && (
        <dl className={styles.reviews}>
          {form.questions.map(({ id, text }) => (
            <div key={id}>
              <dt className={basics.soft}>{text}</dt>
              <dd>{words(id) || 'No answer'}</dd>
            </div>
          ))}
        </dl>
      )}
      {change && (
        <p>
          <Button onClick={change}>Answer differently…</Button>
        </p>
      )}
    </Card>
  )
}

// The tier is not a judgement of somebody's: whoever asks sees which answers made it.
export function Tier({ intake, form }: { intake: IntakeTold; form: Form }) {
  const { tier } = intake
  if (!tier) return null
  const wordsOf = (id: string) => form.questions.find((one) => one.id === id)?.text ?? id
  const answerOf = (id: string, answer: string) =>
    form.questions.find((one) => one.id === id)?.answers?.find((one) => one.id === answer)?.text ?? answer
  return (
    <Card title="Risk" note="It follows from the answers">
      <p className={styles.tier}>
        <Tag tone={tier.tier === 1 ? 'good' : tier.tier === 2 ? 'warn' : 'bad'}>Tier {tier.tier} of 3</Tag>{' '}
        <span>{plural(tier.points, 'point')}</span>
      </p>
      {tier.because.length > 0 && (
        <ul className={styles.because}>
          {tier.because.map(({ question, answer, points = 0, at_least: atLeast, why }) => (
            <li key={`${question} ${answer}`}>
              <span className={basics.soft}>{wordsOf(question)}</span> <strong>{answerOf(question, answer)}</strong>
              <span>
                {[points > 0 ? plural(points, 'point') : '', atLeast ? `at least tier ${atLeast}` : '', why]
                  .filter(Boolean)
                  .join(', ')}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Reviews({ intake, checklists, may }: { intake: IntakeTold; checklists: Checklist[]; may: string[] }) {
  const [reviewing, setReviewing] = useState<Checklist>()
  return (
    <Card title="Reviews">
      <div className={styles.reviews}>
        {checklists.map((checklist) => {
          const { name, title, reviewers, questions } = checklist
          const review = intake.reviews?.find((one) => one.checklist === name)
          const [, words, tone] = kVerdicts.find(([verdict]) => verdict === review?.verdict) ?? []
          return (
            <section key={name} aria-label={title}>
              <p>
                <strong>{title}</strong>{' '}
                {review ? (
                  <Tag tone={tone}>{words}</Tag>
                ) : (
                  <Tag tone="warn">{`waits for ${reviewers ?? 'a reviewer'}`}</Tag>
                )}
              </p>
              {review && (
                <p>
                  {review.by}, {time(review.at)} UTC. {review.comment}
                </p>
              )}
              {review?.answers && (
                <ul>
                  {questions.map(({ id, text }) => (
                    <li key={id} className={basics.soft}>
                      {text}{' '}
                      <strong>{{ na: 'does not apply' }[review.answers?.[id] ?? ''] ?? review.answers?.[id]}</strong>
                    </li>
                  ))}
                </ul>
              )}
              {may.includes(`review:${name}`) && (
                <p>
                  <Button kind={review ? undefined : 'first'} onClick={() => setReviewing(checklist)}>
                    {review ? 'Review it again…' : 'Review…'}
                    <span className={basics.hidden}> {title}</span>
                  </Button>
                </p>
              )}
            </section>
          )
        })}
      </div>
      {reviewing && <Review intake={intake} checklist={reviewing} close={() => setReviewing(undefined)} />}
    </Card>
  )
}

function Decisions({
  intake,
  mayDecide,
  whyNot,
}: {
  intake: IntakeTold
  mayDecide: boolean
  whyNot: string | undefined
}) {
  const [deciding, setDeciding] = useState(false)
  const { decisions = [], deciders, decisions_needed: needed = 1 } = intake
  const isDecided = intake.state !== 'in_review'
  return (
    <Card title="Decision" note={needed > 1 ? `${needed} people have to say yes` : undefined}>
      {decisions.map(({ decision, by, at, reason, conditions, until, exception }) => (
        <Facts
          key={`${by} ${at}`}
          rows={[
            [kDecisions.find(([name]) => name === decision)?.[1] ?? decision, `${by}, ${time(at)} UTC`],
            ['Because', reason],
            ['On condition', conditions?.join('; ')],
            ['Until', until && `${time(until)} UTC`],
            [
              'Exception',
              exception && (
                <Link to="/exceptions/$id" params={{ id: exception }}>
                  {exception}
                </Link>
              ),
            ],
          ]}
        />
      ))}
      {!isDecided && <p>It waits for {deciders || 'somebody to decide: nobody is named for this tier'}.</p>}
      {!isDecided && !mayDecide && whyNot && (
        <Notice>
          <p>{sentence(whyNot)}</p>
        </Notice>
      )}
      {mayDecide && (
        <p>
          <Button kind="first" onClick={() => setDeciding(true)}>
            Decide…
          </Button>
        </p>
      )}
      {deciding && <Decide intake={intake} close={() => setDeciding(false)} />}
    </Card>
  )
}

function Withdraw({ intake, close }: { intake: IntakeTold; close: () => void }) {
  const [reason, setReason] = useState('')
  const withdraw = useMutation({
    mutationFn: () => write('DELETE', intakePath(intake.id), { reason }),
    onSuccess: () => {
      readAgain()
      close()
    },
  })
  return (
    <Modal
      title="Withdraw it?"
      close={close}
      submit={() => withdraw.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="danger" type="submit" disabled={withdraw.isPending}>
            Withdraw
          </Button>
        </>
      }
    >
      {withdraw.error && <Problem error={withdraw.error} />}
      <Field label="Reason">
        <textarea
          className={basics.input}
          rows={3}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          required
        />
      </Field>
    </Modal>
  )
}

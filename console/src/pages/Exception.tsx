import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read, write, type ExceptionRequest } from '../api'
import { time } from '../format'
import { Answer, Button, Card, Facts, Field, Notice, Page, Problem, Tag, styles as basics } from '../parts/basics'
import { Modal } from '../parts/Modal'
import { exceptionRoute } from '../router'
import { queries, usePerson } from '../session'
import { describe, toneOf } from './exceptionWords'

interface Shown {
  exception: ExceptionRequest
  reviewers: string
}
type Decision = 'approve' | 'deny'

export function Exception() {
  const { id } = exceptionRoute.useParams()
  const me = usePerson()
  const [deciding, setDeciding] = useState<Decision>()
  const path = `/api/v1/exceptions/${encodeURIComponent(id)}`
  const query = useQuery({
    queryKey: ['/api/v1/exceptions', id],
    queryFn: ({ signal }) => read<Shown>(path, {}, signal),
  })
  return (
    <Page
      title={query.data ? describe(query.data.exception) : 'Exception'}
      lead={<Link to="/exceptions">All exceptions</Link>}
    >
      <Answer query={query} what="the exception">
        {({ exception, reviewers }) => (
          <>
            <Told exception={exception} reviewers={reviewers} />
            {exception.state === 'requested' && me.may('exceptions.decide') && (
              <Choice exception={exception} person={me.person} choose={setDeciding} />
            )}
            {deciding && (
              <Decide exception={exception} decision={deciding} path={path} close={() => setDeciding(undefined)} />
            )}
          </>
        )}
      </Answer>
    </Page>
  )
}

function Told({ exception, reviewers }: Shown) {
  const mayRead = usePerson().may('ledger.read')
  const { request, state, in_effect: inEffect, ends } = exception
  const { asked } = request
  return (
    <Card title={<Tag tone={toneOf(exception)}>{state}</Tag>} note={inEffect ? 'in effect' : undefined}>
      <Facts
        rows={[
          ['Reason', asked.reason],
          ['Asked by', `${asked.requested_by}, ${time(request.made)} UTC`],
          ['For', asked.requested_for === asked.requested_by ? '' : asked.requested_for],
          ['From', `${time(asked.from)} UTC`],
          ['Until', `${time(ends)} UTC`],
          ['Work item', asked.work_item],
          ...request.reviews.map(({ approved, by, at, reason, conditions }): [string, string] => [
            approved ? 'Approved by' : 'Denied by',
            [`${by}, ${time(at)} UTC`, reason, conditions?.length ? `on condition: ${conditions.join('; ')}` : '']
              .filter(Boolean)
              .join('. '),
          ]),
          ['Waits for', state === 'requested' ? reviewers || 'nobody: no ApprovalPolicy is about it' : ''],
          [
            'In the ledger',
            mayRead && (
              <Link key="entries" to="/ledger" search={{ filter: `detail.id == "${exception.id}"` }}>
                Every step
              </Link>
            ),
          ],
        ]}
      />
    </Card>
  )
}

function Choice({
  exception,
  person,
  choose,
}: {
  exception: ExceptionRequest
  person: string
  choose: (decision: Decision) => void
}) {
  const { requested_by: by, requested_for: whom } = exception.request.asked
  if ([by, whom].some((name) => name.toLowerCase() === person.toLowerCase())) {
    return (
      <Notice>
        <p>You asked for it, so somebody else decides.</p>
      </Notice>
    )
  }
  return (
    <Card title="Your decision">
      <p>
        <Button kind="first" onClick={() => choose('approve')}>
          Approve…
        </Button>{' '}
        <Button kind="danger" onClick={() => choose('deny')}>
          Deny…
        </Button>
      </p>
    </Card>
  )
}

function Decide({
  exception,
  decision,
  path,
  close,
}: {
  exception: ExceptionRequest
  decision: Decision
  path: string
  close: () => void
}) {
  const [text, setText] = useState('')
  const approves = decision === 'approve'
  const decide = useMutation({
    mutationFn: () =>
      write(
        'POST',
        path,
        approves
          ? // What was read is what is approved: it may have been changed meanwhile.
            {
              decision,
              digest: exception.digest,
              conditions: text
                .split('\n')
                .map((line) => line.trim())
                .filter(Boolean),
            }
          : { decision, reason: text },
      ),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['/api/v1/exceptions'] })
      close()
    },
  })
  return (
    <Modal
      title={approves ? 'Approve this?' : 'Deny this?'}
      close={close}
      submit={() => decide.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind={approves ? 'first' : 'danger'} type="submit" disabled={decide.isPending}>
            {approves ? 'Approve' : 'Deny'}
          </Button>
        </>
      }
    >
      {decide.error && <Problem error={decide.error} />}
      <p>
        {describe(exception)}, until {time(exception.ends)} UTC. Your name goes on record with it.
      </p>
      <Field
        label={approves ? 'Conditions' : 'Reason'}
        hint={approves ? 'One a line; none is fine.' : 'Whoever asked reads it.'}
      >
        <textarea
          className={basics.input}
          rows={3}
          value={text}
          onChange={(event) => setText(event.target.value)}
          required={!approves}
        />
      </Field>
    </Modal>
  )
}

// Why a call was decided as it was: the rule, the facts, and what would have allowed it.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { read } from '../api'
import type { ExplainedDecision, RuleExplanation } from '../apiReading'
import { time } from '../format'
import { Answer, Button, Card, Facts, Notice, Page, Tag, type Tone } from '../parts/basics'
import { decisionRoute } from '../router'
import styles from './Decision.module.css'

export function Decision() {
  const { seq } = decisionRoute.useParams()
  const [byNow, setByNow] = useState(false)
  const query = useQuery({
    queryKey: ['/api/v1/decisions', seq, byNow],
    queryFn: ({ signal }) =>
      read<ExplainedDecision>(
        `/api/v1/decisions/${encodeURIComponent(seq)}`,
        { bundle: byNow ? 'current' : undefined },
        signal,
      ),
  })
  return (
    <Page
      title={`Decision ${seq}`}
      lead={<Link to="/decisions">All decisions</Link>}
      actions={
        <Button aria-pressed={byNow} onClick={() => setByNow(!byNow)}>
          {byNow ? 'By the rules of its time' : 'By the rules of now'}
        </Button>
      }
    >
      <Answer query={query} what="the decision">
        {(told) => <Told told={told} seq={seq} />}
      </Answer>
    </Page>
  )
}

const refuses = (effect: string) => ['deny', 'require', 'ask'].includes(effect)

function Told({ told, seq }: { told: ExplainedDecision; seq: string }) {
  const { entry, explanation } = told
  const [all, setAll] = useState(false)
  const near = explanation.rules.filter((rule, i) => rule.matched || (rule.standing === 'near miss' && i < 12))
  const shown = all ? explanation.rules : near
  return (
    <>
      <Card title={refuses(explanation.effect) ? 'Refused' : `Decided: ${explanation.effect}`}>
        <Facts
          rows={[
            ['By', explanation.rule ? <RuleLink rule={explanation.rule} /> : 'the default: no rule allowed it'],
            ['Told', explanation.message],
            ['Person', entry.principal?.id],
            ['Team', entry.principal?.team],
            ['Model', entry.model?.asked],
            ['When', `${time(entry.time)} UTC`],
            ['Session', entry.session_id && <SessionLink session={entry.session_id} />],
            ['Lifted by', explanation.exceptions.join(', ')],
            [
              'Exceptions that have ended',
              explanation.ended.map(({ exception, why }) => `${exception} (${why.replaceAll('_', ' ')})`).join(', '),
            ],
            ['Bundle', <code key="bundle">{explanation.bundle}</code>],
            [
              'Entry',
              <Link key="entry" to="/ledger/$seq" params={{ seq }}>
                {`${seq} of the ledger, with its proof`}
              </Link>,
            ],
          ]}
        />
        {explanation.recorded_effect && explanation.recorded_effect !== explanation.effect && (
          <Notice tone="warn">
            <p>{`When it happened the verdict was ${explanation.recorded_effect}: the rules were others then.`}</p>
          </Notice>
        )}
        {explanation.recorded_input && explanation.recorded_input !== explanation.input && (
          <Notice tone="warn">
            <p>The entry's facts are not those that were decided on: it was too long and was cut.</p>
          </Notice>
        )}
      </Card>
      {refuses(explanation.effect) && <WayForward told={told} />}
      <Card
        title="What each rule said"
        note={
          explanation.rules.length > near.length && (
            <Button kind="quiet" aria-pressed={all} onClick={() => setAll(!all)}>
              {all ? 'Only those that matter' : `All ${explanation.rules.length} rules`}
            </Button>
          )
        }
      >
        <ol className={styles.rules}>
          {shown.map((rule) => (
            <RuleSaid key={rule.rule} rule={rule} />
          ))}
        </ol>
      </Card>
    </>
  )
}

const RuleLink = ({ rule }: { rule: string }) => (
  <Link to="/policies/$rule" params={{ rule }}>
    {rule}
  </Link>
)
const SessionLink = ({ session }: { session: string }) => (
  <Link to="/sessions/$session" params={{ session }}>
    {session}
  </Link>
)

// A refusal by a rule ends where one of its conditions does not hold; one by default where a near miss would.
function WayForward({ told: { explanation } }: { told: ExplainedDecision }) {
  const decisive = explanation.rules.find(({ rule }) => rule === explanation.rule)
  const openers = explanation.rules.filter(({ effect, standing }) => effect === 'allow' && standing === 'near miss')
  return (
    <Card title="What would have allowed it">
      <ul className={styles.ways}>
        {decisive?.predicates
          .filter(({ value }) => value === 'true')
          .map(({ condition, facts }) => (
            <li key={condition}>
              {'Not this: '}
              <code>{condition}</code> {inWords(facts)}
            </li>
          ))}
        {!decisive &&
          openers.map((rule) => (
            <li key={rule.rule}>
              {'The rule '}
              <RuleLink rule={rule.rule} />
              {' would have, had this held: '}
              {rule.predicates
                .filter(({ value }) => value !== 'true')
                .map(({ condition, facts }) => (
                  <span key={condition}>
                    <code>{condition}</code> {inWords(facts)}
                  </span>
                ))}
            </li>
          ))}
        {explanation.errors.map(({ rule, message }) => (
          <li key={rule}>{`A condition of ${rule} that can be evaluated: ${message}`}</li>
        ))}
        {explanation.rule ? (
          <li>
            {'An exception from the rule: '}
            <Link to="/exceptions" search={{ ask: explanation.rule }}>
              ask for one
            </Link>
          </li>
        ) : (
          openers.length === 0 && <li>A rule that allows it: nothing comes close.</li>
        )}
      </ul>
    </Card>
  )
}

const inWords = (facts: Record<string, string>) => {
  const told = Object.entries(facts).map(([name, value]) => `${name} was ${value}`)
  return told.length > 0 ? `(${told.join(', ')})` : ''
}

const kTones: Record<string, Tone> = { decisive: 'accent', 'near miss': 'warn' }

function RuleSaid({ rule }: { rule: RuleExplanation }) {
  return (
    <li className={styles.rule}>
      <p className={styles.name}>
        <RuleLink rule={rule.rule} /> <Tag>{rule.effect}</Tag> <Tag tone={kTones[rule.standing]}>{rule.standing}</Tag>
      </p>
      {rule.predicates.length > 0 && (
        <ul>
          {rule.predicates.map(({ condition, value, facts }) => (
            <li key={condition} className={styles.predicate}>
              <Tag tone={value === 'true' ? 'good' : value === 'false' ? undefined : 'warn'}>{value}</Tag>
              <code>{condition}</code>
              <span>{inWords(facts)}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

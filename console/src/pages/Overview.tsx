// The four questions, each with its answer and the way on: nobody should have to know where to look.

import { useQuery } from '@tanstack/react-query'
import { Link, Navigate } from '@tanstack/react-router'
import {
  read,
  type ContentFlow,
  type ExceptionRequest,
  type Forecast,
  type SavingsAdvice,
  type SpendChanges,
  type SpendReport,
} from '../api'
import { change, count, day, money, moneyChange, plural } from '../format'
import { layersOf } from '../layers'
import { useLive } from '../live'
import { DailyChart } from '../parts/Chart'
import { Answer, Card, Empty, Page, Tag } from '../parts/basics'
import { hasOverview } from '../places'
import { usePerson } from '../session'
import { describe, toneOf } from './exceptionWords'
import styles from './Overview.module.css'
import { NoRole } from './NoRole'

const kSince = '30d'
const kShown = 4
const useAnswer = <T,>(path: string, parameters: Record<string, string> = {}) =>
  useQuery({ queryKey: [path, parameters], queryFn: ({ signal }) => read<T>(path, parameters, signal) })

// What calls change, asked again while it is looked at: sums of a month do not change much from one call to the next.
const kOfCalls = ['', '/changes', '/forecast', '/advice'].map((path) => `/api/v1/spend${path}`)

export function Overview() {
  const me = usePerson()
  useLive(me.may('spend.read') ? ['calls'] : [], [...kOfCalls, '/api/v1/content/flows'], 60_000)
  useLive(me.may('exceptions.read') ? ['approvals'] : [], ['/api/v1/exceptions'], 500)
  if (!hasOverview(me.permissions)) return <Navigate to="/you" replace />
  if (!me.may('spend.read') && !me.may('exceptions.read'))
    return (
      <Page title="Overview">
        <NoRole me={me} />
      </Page>
    )
  return (
    <Page title="Overview" lead="What AI costs, who spends it, what leaves the building, and who said yes.">
      {me.may('spend.read') && <Figures />}
      <div className={styles.questions}>
        {me.may('spend.read') && <WhySpend />}
        {me.may('spend.read') && <CheaperModels />}
        {me.may('ledger.read') && <WhatIsSent />}
        {me.may('exceptions.read') && <WhoApproved />}
      </div>
    </Page>
  )
}

function Figures() {
  const report = useAnswer<SpendReport>('/api/v1/spend', { by: 'day,model', since: kSince })
  const forecast = useAnswer<Forecast>('/api/v1/spend/forecast')
  return (
    <Card title="The last 30 days" note={<Link to="/spend">Explore</Link>}>
      <Answer query={report} what="spend">
        {(data) => {
          if (data.total.calls === 0) return <NoCalls />
          const { days, layers } = layersOf(data, 'model')
          return (
            <div className={styles.answer}>
              <dl className={styles.figures}>
                <Figure name="Spent" value={money(data.total.cost_nanos)} more={plural(data.total.calls, 'call')} />
                <Figure
                  name="Refused"
                  value={count(data.total.refused)}
                  more={
                    data.total.calls ? `${((100 * data.total.refused) / data.total.calls).toFixed(1)} % of calls` : ''
                  }
                />
                {forecast.data && <ThisMonth forecast={forecast.data} />}
              </dl>
              <DailyChart name="Cost by day and model" days={days} layers={layers} file="spend-by-day-and-model" />
            </div>
          )
        }}
      </Answer>
    </Card>
  )
}

const Figure = ({ name, value, more }: { name: string; value: string; more: string }) => (
  <div className={styles.figure}>
    <dt>{name}</dt>
    <dd>
      {value}
      <small>{more}</small>
    </dd>
  </div>
)

function ThisMonth({ forecast }: { forecast: Forecast }) {
  if (!forecast.possible) {
    return (
      <Figure name={`Spent in ${forecast.month}`} value={money(forecast.spent_nanos)} more="Too early for a forecast" />
    )
  }
  return (
    <>
      <Figure name={`Spent in ${forecast.month}`} value={money(forecast.spent_nanos)} more="so far" />
      <Figure
        name="Expected by its end"
        value={money(forecast.expected_nanos)}
        more={`four of five times ${money(forecast.low80_nanos)} to ${money(forecast.high80_nanos)}`}
      />
    </>
  )
}

const NoCalls = () => (
  <Empty title="No calls yet">
    <p>As soon as a coding agent calls a model through Reeve, its cost is here, by person, model and day.</p>
    <p>
      Make a key with <code>reeve key create --owner you@example.com</code> and give it to the agent.
    </p>
  </Empty>
)

const kEffects: [string, string][] = [
  ['volume', 'More or fewer tokens'],
  ['mix', 'Other models'],
  ['shape', 'Longer answers'],
  ['cache', 'Caching'],
  ['price', 'Prices'],
]

function WhySpend() {
  const query = useAnswer<SpendChanges>('/api/v1/spend/changes', { by: 'team' })
  return (
    <Card title="Why did spend change?" note="Against the month before">
      <Answer query={query} what="this month and the last">
        {({ comparison: { total, before, after, part_of_month: part }, in_words: words }) => (
          <div className={styles.answer}>
            <dl className={styles.figures}>
              <Figure name={after} value={money(total.after_nanos)} more={part ? 'so far' : ''} />
              <Figure name={before} value={money(total.before_nanos)} more={part ? 'until the same day' : ''} />
              <Figure
                name="Difference"
                value={moneyChange(total.difference_nanos)}
                more={change(total.before_nanos, total.after_nanos)}
              />
            </dl>
            <p className={styles.words}>{words}</p>
            {total.before_nanos > 0 && <Effects effects={total.effects_nanos} />}
          </div>
        )}
      </Answer>
    </Card>
  )
}

function Effects({ effects }: { effects: Record<string, number> }) {
  const widest = Math.max(...Object.values(effects).map(Math.abs), 1)
  return (
    <ul className={styles.effects}>
      {kEffects.map(([key, name]) => {
        const nanos = effects[key] ?? 0
        const width = (50 * Math.abs(nanos)) / widest
        return (
          <li key={key}>
            <span>{name}</span>
            <span className={styles.track} aria-hidden="true">
              <i data-up={nanos > 0} style={{ left: `${nanos > 0 ? 50 : 50 - width}%`, width: `${width}%` }} />
            </span>
            <b>{moneyChange(nanos)}</b>
          </li>
        )
      })}
    </ul>
  )
}

function CheaperModels() {
  const query = useAnswer<SavingsAdvice>('/api/v1/spend/advice', { since: kSince })
  return (
    <Card title="Who uses an expensive model where a cheaper one would do?" note="Last 30 days">
      <Answer query={query} what="what could be saved">
        {({ advice, looked_at_nanos: looked }) => {
          if (advice.length === 0) {
            return (
              <Empty title="Nothing stands out">
                <p>
                  {looked > 0
                    ? `Of ${money(looked)} on expensive models no call was small enough for a cheaper one.`
                    : 'Nobody called a model that has a cheaper one beside it.'}
                </p>
              </Empty>
            )
          }
          const saving = advice.reduce((sum, one) => sum + one.saving_nanos, 0)
          return (
            <div className={styles.answer}>
              <p className={styles.words}>
                {money(saving)} of {money(looked)} on expensive models went for small calls.
              </p>
              <ul className={styles.list}>
                {advice.slice(0, kShown).map((one) => (
                  <li key={`${one.rule} ${one.person} ${one.from} ${one.team}`}>
                    <span>{one.person}</span>
                    <strong>{money(one.saving_nanos)}</strong>
                    <small>
                      {plural(one.calls, 'call')} to {one.from} that {one.to} would have served
                    </small>
                  </li>
                ))}
              </ul>
              <p className={styles.more}>
                <Link to="/spend" search={{ by: 'person,model' }}>
                  By person and model
                </Link>
              </p>
            </div>
          )
        }}
      </Answer>
    </Card>
  )
}

interface Kind {
  type: string
  calls: number
  refused: number
  redacted: number
  places: ContentFlow[] // the models that it was for, most calls first
}

// One line for each kind of data: somebody asks what is sent, and then where to.
function kindsOf(flows: ContentFlow[]): Kind[] {
  const kinds = new Map<string, Kind>()
  for (const flow of flows) {
    const kind = kinds.get(flow.type) ?? { type: flow.type, calls: 0, refused: 0, redacted: 0, places: [] }
    kind.calls += flow.calls
    kind.refused += flow.refused
    kind.redacted += flow.redacted
    kind.places.push(flow)
    kinds.set(flow.type, kind)
  }
  for (const { places } of kinds.values()) places.sort((a, b) => b.calls - a.calls)
  const leftOf = ({ calls, refused, redacted }: Kind) => calls - refused - redacted
  // What left as it was goes first: that is what somebody has to know.
  return [...kinds.values()].sort((a, b) => leftOf(b) - leftOf(a) || b.calls - a.calls)
}

const kPlacesShown = 3
function placesInWords({ places }: Kind): string {
  const shown = places
    .slice(0, kPlacesShown)
    .map(({ model, provider }) => `${model ?? 'a model'}${provider ? ` at ${provider}` : ''}`)
  const rest = places.length - shown.length
  return `to ${shown.join(', ')}${rest > 0 ? ` and ${plural(rest, 'other')}` : ''}`
}

function WhatIsSent() {
  const query = useAnswer<{ flows: ContentFlow[] }>('/api/v1/content/flows', { since: kSince })
  return (
    <Card title="What data is sent, and to which models?" note="Found in prompts, last 30 days">
      <Answer query={query} what="what was found">
        {({ flows }) => {
          const kinds = kindsOf(flows)
          return kinds.length === 0 ? (
            <Empty title="Nothing was found in prompts">
              <p>
                Secrets, personal data and your own code and tables would be listed here, with the models they were for.
              </p>
            </Empty>
          ) : (
            <div className={styles.answer}>
              <ul className={styles.list}>
                {kinds.slice(0, kShown + 1).map((kind) => (
                  <li key={kind.type}>
                    <span>
                      <strong>{kind.type}</strong> in {plural(kind.calls, 'call')}
                    </span>
                    <Fate kind={kind} />
                    <small>{placesInWords(kind)}</small>
                  </li>
                ))}
              </ul>
              <p className={styles.more}>
                {kinds.length > kShown + 1 && <>{plural(kinds.length - kShown - 1, 'other kind')}. </>}
                <Link to="/ledger" search={{ filter: 'content.findings.exists(f, f.type != "")' }}>
                  The calls
                </Link>
              </p>
            </div>
          )
        }}
      </Answer>
    </Card>
  )
}

function Fate({ kind: { calls, refused, redacted } }: { kind: Kind }) {
  if (refused === calls) return <Tag tone="good">refused</Tag>
  if (refused + redacted === calls) return <Tag tone="good">replaced or refused</Tag>
  return <Tag tone="warn">{`${count(calls - refused - redacted)} left as they were`}</Tag>
}

function WhoApproved() {
  const query = useAnswer<{ exceptions: ExceptionRequest[]; waiting: number }>('/api/v1/exceptions', {
    order: 'newest',
  })
  return (
    <Card title="Who approved that exception?" note={<Link to="/exceptions">All</Link>}>
      <Answer query={query} what="exceptions">
        {({ exceptions, waiting }) => {
          if (exceptions.length === 0) {
            return (
              <Empty title="No exceptions yet">
                <p>
                  Whoever needs more than a budget or a rule allows asks for it, and somebody else decides. Both names
                  stay.
                </p>
              </Empty>
            )
          }
          return (
            <div className={styles.answer}>
              {waiting > 0 && (
                <p className={styles.words}>{plural(waiting, 'request waits', 'requests wait')} for a decision.</p>
              )}
              <ul className={styles.list}>
                {exceptions.slice(0, kShown).map((one) => (
                  <li key={one.id}>
                    <Link to="/exceptions/$id" params={{ id: one.id }}>
                      {describe(one)}
                    </Link>
                    <Tag tone={toneOf(one)}>{one.state}</Tag>
                    <small>{who(one)}</small>
                  </li>
                ))}
              </ul>
            </div>
          )
        }}
      </Answer>
    </Card>
  )
}

function who({ request }: ExceptionRequest): string {
  const asked = `asked by ${request.asked.requested_by} on ${day(request.made)}`
  const reviews = request.reviews.map(
    ({ approved, by, at }) => `${approved ? 'approved' : 'denied'} by ${by} on ${day(at)}`,
  )
  return [asked, ...reviews].join(', ')
}

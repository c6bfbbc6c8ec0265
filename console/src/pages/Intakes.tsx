// Intakes: what was asked for, how far it is, and what is overdue.

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { day, time } from '../format'
import { Button, Card, Empty, Page, Tag, styles as basics } from '../parts/basics'
import { type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import { kindOf, statusOf, toneOfStatus, type Intake } from '../registers'
import { intakesRoute } from '../router'
import { usePerson } from '../session'
import { StartIntake } from './StartIntake'

const kColumns: Column<Intake>[] = [
  {
    name: 'What',
    value: ({ title }) => title,
    show: ({ id, title }) => (
      <Link to="/intake/$id" params={{ id }}>
        {title}
      </Link>
    ),
  },
  { name: 'Kind', value: ({ kind }) => kindOf(kind) },
  {
    name: 'State',
    value: ({ state }) => statusOf(state),
    show: ({ state }) => <Tag tone={toneOfStatus(state)}>{statusOf(state)}</Tag>,
  },
  { name: 'Risk tier', number: true, value: ({ tier }) => tier?.tier },
  { name: 'Asked by', value: (intake) => intake.requested_by },
  {
    name: 'Begun',
    value: ({ started }) => started,
    show: ({ started }) => <time title={time(started)}>{day(started)}</time>,
  },
  {
    name: 'Due',
    value: ({ due }) => due,
    show: ({ due, overdue }) => (
      <>
        <time title={time(due)}>{day(due)}</time> {overdue && <Tag tone="bad">overdue</Tag>}
      </>
    ),
  },
]

const kShown: [string, string, Record<string, string>][] = [
  ['all', 'All', {}],
  ['mine', 'Mine', { mine: '1' }],
  ['in_review', 'In review', { state: 'in_review' }],
  ['overdue', 'Overdue', { overdue: '1' }],
]

export function Intakes() {
  const me = usePerson()
  const [starting, setStarting] = useState(false)
  const { show = 'all' } = intakesRoute.useSearch()
  const parameters = kShown.find(([name]) => name === show)?.[2] ?? {}
  return (
    <Page
      title="Intake"
      lead="How something new comes in: a few questions, a risk tier that follows from them, reviews, a decision."
      actions={
        me.may('intake.ask') && (
          <Button kind="first" onClick={() => setStarting(true)}>
            Register something
          </Button>
        )
      }
    >
      <nav className={basics.actions} aria-label="Which intakes">
        {kShown.map(([name, title]) => (
          <Link
            key={name}
            to="/intake"
            search={name === 'all' ? {} : { show: name }}
            className={`${basics.button} ${name === show ? basics.first : ''}`}
            aria-current={name === show ? 'true' : undefined}
          >
            {title}
          </Link>
        ))}
      </nav>
      <Card>
        <PagedTable<Intake>
          path="/api/v1/intake"
          parameters={parameters}
          member="intakes"
          name="Intakes"
          columns={kColumns}
          rowKey={({ id }) => id}
          file="intakes"
          empty={
            <Empty title={show === 'all' ? 'Nobody asked for anything yet' : 'None of these'}>
              <p>Whoever wants to use a new model, agent, tool or service begins here, and sees how far it is.</p>
            </Empty>
          }
        />
      </Card>
      {starting && <StartIntake close={() => setStarting(false)} />}
    </Page>
  )
}

// Agents of the register: what each is for and may do, and deciding about it.

import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { write } from '../api'
import type { Agent } from '../apiReading'
import { day } from '../format'
import { Button, Card, Empty, Field, Page, Tag, styles as basics, type Tone } from '../parts/basics'
import { type Column } from '../parts/DataTable'
import { PagedTable } from '../parts/PagedTable'
import { ReasonDialog } from '../parts/ReasonDialog'
import { agentsRoute } from '../router'
import { usePerson } from '../session'

type Decision = 'approve' | 'deny' | 'suspend' | 'retire'
const kTones: Record<string, Tone> = { requested: 'warn', approved: 'good', denied: 'bad', suspended: 'bad' }
const kStates = ['requested', 'approved', 'denied', 'suspended', 'retired']
// What can be decided about an agent in a state.
const kDecisions: Record<string, Decision[]> = {
  requested: ['approve', 'deny'],
  approved: ['suspend', 'retire'],
  suspended: ['approve', 'retire'],
}
const kTitles: Record<Decision, string> = { approve: 'Approve', deny: 'Deny', suspend: 'Suspend', retire: 'Retire' }

const names = (value: unknown) => (Array.isArray(value) ? value.join(', ') : '')

export function Agents() {
  const me = usePerson()
  const { state = '' } = agentsRoute.useSearch()
  const navigate = useNavigate()
  const [deciding, setDeciding] = useState<{ agent: Agent; decision: Decision }>()
  const mayDecide = me.may('agents.decide')
  const columns: Column<Agent>[] = [
    { name: 'Agent', value: ({ id }) => id },
    { name: 'What it is for', value: ({ title, purpose }) => purpose ?? title },
    { name: 'State', value: (agent) => agent.state, show: (one) => <Tag tone={kTones[one.state]}>{one.state}</Tag> },
    { name: 'Owner', value: ({ owner }) => owner },
    { name: 'Team', value: ({ team }) => team },
    { name: 'Risk', value: ({ risk }) => risk },
    { name: 'Acts for', value: (agent) => names(agent.acts_for) },
    { name: 'Models', value: (agent) => names(agent.models) },
    { name: 'Tools', value: (agent) => names(agent.tools) },
    { name: 'Ends', value: ({ expires }) => expires, show: ({ expires }) => expires && <time>{day(expires)}</time> },
    ...(mayDecide
      ? [
          {
            name: 'Decide',
            value: () => '',
            show: (agent: Agent) =>
              (kDecisions[agent.state] ?? []).map((decision) => (
                <Button
                  key={decision}
                  kind={decision === 'approve' ? undefined : 'danger'}
                  onClick={() => setDeciding({ agent, decision })}
                >
                  {kTitles[decision]}…<span className={basics.hidden}>{` ${agent.id}`}</span>
                </Button>
              )),
          },
        ]
      : []),
  ]
  return (
    <Page
      title="Agents"
      lead={
        'What acts without a person at the keyboard: who answers for it, and what it may. ' +
        'Nothing acts before somebody else approved it.'
      }
      actions={
        <Field label="State">
          <select
            className={basics.input}
            value={state}
            onChange={(event) => void navigate({ to: '/agents', search: { state: event.target.value } })}
          >
            <option value="">Any</option>
            {kStates.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </Field>
      }
    >
      <Card>
        <PagedTable<Agent>
          path="/api/v1/agents"
          parameters={{ state }}
          member="agents"
          name="Agents"
          columns={columns}
          rowKey={({ id }) => id}
          file="agents"
          empty={
            <Empty title="No agents">
              <p>
                An agent is registered by a file and a command, <code>reeve agent register</code>, and appears here
                until it is retired.
              </p>
            </Empty>
          }
        />
      </Card>
      {deciding && (
        <ReasonDialog
          title={`${kTitles[deciding.decision]} ${deciding.agent.id}?`}
          action={kTitles[deciding.decision]}
          danger={deciding.decision !== 'approve'}
          optional={deciding.decision === 'approve'}
          close={() => setDeciding(undefined)}
          act={(reason) =>
            write('POST', `/api/v1/agents/${encodeURIComponent(deciding.agent.id)}`, {
              decision: deciding.decision,
              reason,
            })
          }
        >
          <p>{deciding.agent.purpose}</p>
        </ReasonDialog>
      )}
    </Page>
  )
}

// The calls of a session along one line of time, those of sub-agents below who started them. What was said is not here:
// the ledger has types and counts of it, and kept content has a reader of its own.

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { SessionCall } from '../api'
import { count, countShort, milliseconds, money, plural, time } from '../format'
import { Button, Card, Tag, styles as basics, type Tone } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { usePerson } from '../session'
import styles from './Session.module.css'

const kCallsDrawn = 300

const toneOf = ({ enforced, status }: SessionCall): Tone =>
  enforced === 'deny' ? 'bad' : status && status !== 'ok' ? 'warn' : undefined

function wordOf(call: SessionCall): string {
  if (call.enforced && call.enforced !== 'allow')
    return (
      { deny: 'refused', redact: 'replaced', degrade: 'cheaper model', route: 'routed' }[call.enforced] ?? call.enforced
    )
  return call.status ?? 'under way'
}

const modelOf = (call: SessionCall) => call.model_served ?? call.model_asked ?? ''
const startOf = (call: SessionCall) => Date.parse(call.started ?? call.time)

const whyOf = (call: SessionCall) =>
  [
    call.rule && `rule ${call.rule}`,
    call.findings && `found ${call.findings}`,
    call.model_asked && call.model_served && call.model_asked !== call.model_served && `asked for ${call.model_asked}`,
    call.status_reason,
  ]
    .filter(Boolean)
    .join('; ')

interface Branch {
  agent: string // empty: the session itself
  depth: number
  calls: SessionCall[]
}

// Depth first, each agent once, also where a client tells of circles.
export function branchesOf(calls: SessionCall[]): Branch[] {
  const byAgent = new Map<string, SessionCall[]>()
  const parents = new Map<string, string>()
  for (const call of calls) {
    const agent = call.agent ?? ''
    byAgent.set(agent, [...(byAgent.get(agent) ?? []), call])
    if (agent) parents.set(agent, call.agent_parent ?? '')
  }
  const branches: Branch[] = []
  const taken = new Set<string>()
  const take = (agent: string, depth: number) => {
    if (taken.has(agent)) return
    taken.add(agent)
    const own = byAgent.get(agent) ?? []
    if (own.length > 0) branches.push({ agent, depth, calls: own })
    for (const [child, parent] of parents) if (parent === agent) take(child, depth + 1)
  }
  take('', 0)
  // Who started them made no call here, or they started each other.
  for (const agent of byAgent.keys()) take(agent, 1)
  return branches
}

const kColumns: Column<SessionCall>[] = [
  { name: 'Began', value: (call) => call.started ?? call.time, show: (call) => time(call.started ?? call.time) },
  { name: 'Agent', value: ({ agent }) => agent },
  { name: 'Model', value: modelOf },
  { name: 'Outcome', value: wordOf, show: (call) => <Tag tone={toneOf(call)}>{wordOf(call)}</Tag> },
  { name: 'Why', value: whyOf },
  { name: 'Time', number: true, value: (call) => call.total_us ?? 0, show: (call) => milliseconds(call.total_us) },
  {
    name: 'Tokens in',
    number: true,
    value: (call) => call.input_tokens ?? 0,
    show: (call) => count(call.input_tokens),
  },
  {
    name: 'Tokens out',
    number: true,
    value: (call) => call.output_tokens ?? 0,
    show: (call) => count(call.output_tokens),
  },
  { name: 'Cost', number: true, value: (call) => (call.cost_nanos ?? 0) / 1e9, show: (call) => money(call.cost_nanos) },
]

export function Trace({ calls, cut }: { calls: SessionCall[]; cut: boolean }) {
  const [asTable, setAsTable] = useState(false)
  const begin = Math.min(...calls.map(startOf))
  const end = Math.max(...calls.map((call) => startOf(call) + (call.total_us ?? 0) / 1000))
  const cost = calls.reduce((sum, call) => sum + (call.cost_nanos ?? 0), 0)
  const refused = calls.filter(({ enforced }) => enforced === 'deny').length
  const people = [...new Set(calls.map(({ person }) => person).filter(Boolean))].join(', ')
  const agents = new Set(calls.map(({ agent }) => agent).filter(Boolean)).size
  const tooMany = calls.length > kCallsDrawn
  return (
    <>
      <p className={styles.figures}>
        <span>
          by <b>{people}</b>
        </span>
        <span>
          <b>{plural(calls.length, 'call')}</b>
        </span>
        <span>
          <b>{money(cost)}</b>
        </span>
        <span>
          <b>{refused}</b> refused
        </span>
        {agents > 0 && (
          <span>
            <b>{plural(agents, 'sub-agent')}</b>
          </span>
        )}
        <span>
          began <b>{time(calls[0]?.started ?? calls[0]?.time)}</b> UTC
        </span>
        <span>
          took <b>{milliseconds((end - begin) * 1000)}</b>
        </span>
        {cut && <span>There are more calls than are shown here.</span>}
      </p>
      <Card
        title="Calls along time"
        note={
          !tooMany && (
            <Button kind="quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
              {asTable ? 'Show along time' : 'Show as a table'}
            </Button>
          )
        }
      >
        {asTable || tooMany ? (
          <DataTable
            name="Calls"
            rows={calls}
            columns={kColumns}
            rowKey={({ seq }) => String(seq)}
            file="session-calls"
          />
        ) : (
          branchesOf(calls).map((branch) => (
            <Branched key={branch.agent} branch={branch} begin={begin} length={Math.max(end - begin, 1)} />
          ))
        )}
      </Card>
    </>
  )
}

function Branched({ branch, begin, length }: { branch: Branch; begin: number; length: number }) {
  const cost = branch.calls.reduce((sum, call) => sum + (call.cost_nanos ?? 0), 0)
  return (
    <section
      className={styles.branch}
      data-depth={Math.min(branch.depth, 4)}
      aria-label={branch.agent ? `Sub-agent ${branch.agent}` : 'The session itself'}
    >
      {branch.agent && (
        <h3 className={styles.agent}>
          {`Sub-agent ${branch.agent}`} <small>{`${plural(branch.calls.length, 'call')}, ${money(cost)}`}</small>
        </h3>
      )}
      <ol className={styles.trace}>
        {branch.calls.map((call) => (
          <Call
            key={call.seq}
            call={call}
            left={(100 * (startOf(call) - begin)) / length}
            width={(100 * (call.total_us ?? 0)) / 1000 / length}
          />
        ))}
      </ol>
    </section>
  )
}

function Call({ call, left, width }: { call: SessionCall; left: number; width: number }) {
  const mayRead = usePerson().may('ledger.read')
  const tone = toneOf(call)
  const why = whyOf(call)
  return (
    <li className={styles.call}>
      {mayRead ? (
        <Link to="/ledger/$seq" params={{ seq: String(call.seq) }} aria-label={`Entry ${call.seq} of the ledger`}>
          {call.seq}
        </Link>
      ) : (
        <span>{call.seq}</span>
      )}
      <span>{modelOf(call)}</span>
      <span className={styles.track} aria-hidden="true">
        <i data-tone={tone} style={{ left: `${Math.min(left, 99)}%`, width: `${width}%` }} />
      </span>
      <span>
        <Tag tone={tone}>{wordOf(call)}</Tag> {milliseconds(call.total_us)}
        {' · '}
        {countShort(call.output_tokens)} out · {money(call.cost_nanos)}
        {call.enforced && call.enforced !== 'allow' && mayRead && (
          <>
            {' · '}
            <Link to="/decisions/$seq" params={{ seq: String(call.intent ?? call.seq) }}>
              why<span className={basics.hidden}>{` entry ${call.seq}`}</span>
            </Link>
          </>
        )}
      </span>
      {why && <p>{why}</p>}
    </li>
  )
}

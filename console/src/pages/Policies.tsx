// The rules in force, with their tests; what those in shadow would do; what other rules would have decided.

import * as Tabs from '@radix-ui/react-tabs'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { read } from '../api'
import type { Bundles, Rule, RulesInForce, Shadow, ShadowRule } from '../apiReading'
import { count, day, money, plural, time } from '../format'
import { Answer, Card, Code, Empty, Facts, Notice, Page, Tag } from '../parts/basics'
import { DataTable, type Column } from '../parts/DataTable'
import { policiesRoute } from '../router'
import { ReplayCard } from './Replay'
import tabs from './Spend.module.css'

const kRules: Column<Rule>[] = [
  {
    name: 'Rule',
    value: ({ rule }) => rule,
    show: ({ rule }) => (
      <Link to="/policies/$rule" params={{ rule }}>
        {rule}
      </Link>
    ),
  },
  { name: 'What it is for', value: ({ title }) => title },
  { name: 'Effect', value: ({ effect }) => effect, show: ({ effect }) => <Tag>{effect}</Tag> },
  {
    name: 'Mode',
    value: ({ mode }) => mode,
    show: ({ mode }) => <Tag tone={mode === 'enforce' ? 'good' : 'warn'}>{mode}</Tag>,
  },
  { name: 'Asked at', value: ({ on }) => on.join(', ') },
  { name: 'Owner', value: ({ owner }) => owner },
  { name: 'Holds for', value: ({ layer }) => layer },
  {
    name: 'Tests',
    value: ({ tests }) => tests.passed + tests.failed,
    number: true,
    show: ({ tests }) => (tests.failed > 0 ? <Tag tone="bad">{`${tests.failed} fail`}</Tag> : count(tests.passed)),
  },
  {
    name: 'Covered',
    number: true,
    value: ({ coverage }) => (coverage ? coverage.covered / coverage.parts : 0),
    show: ({ coverage }) => (coverage ? `${coverage.covered} of ${coverage.parts}` : ''),
  },
  { name: 'Controls', value: ({ controls }) => controls.join(' ') },
  { name: 'File', value: ({ file, line }) => (line > 0 ? `${file}:${line}` : file) },
]

export function Policies() {
  const { show = 'rules' } = policiesRoute.useSearch()
  const navigate = useNavigate()
  return (
    <Page
      title="Policies"
      lead={
        'The rules that every call is held to, as files say them. ' +
        'They change by a merge in the governance directory, not here.'
      }
    >
      <Card>
        <Tabs.Root value={show} onValueChange={(next) => void navigate({ to: '/policies', search: { show: next } })}>
          <Tabs.List className={tabs.tabs} aria-label="What to see">
            {[
              ['rules', 'In force'],
              ['shadow', 'In shadow'],
              ['bundles', 'Bundles'],
            ].map(([value, title]) => (
              <Tabs.Trigger key={value} className={tabs.tab} value={value ?? ''}>
                {title}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          <Tabs.Content value="rules">
            <InForce />
          </Tabs.Content>
          <Tabs.Content value="shadow">
            <InShadow />
          </Tabs.Content>
          <Tabs.Content value="bundles">
            <Kept />
          </Tabs.Content>
        </Tabs.Root>
      </Card>
      <ReplayCard path="/api/v1/policy/replay" />
    </Page>
  )
}

function InForce() {
  const query = useQuery({
    queryKey: ['/api/v1/policy/rules'],
    queryFn: ({ signal }) => read<RulesInForce>('/api/v1/policy/rules', {}, signal),
  })
  return (
    <Answer query={query} what="the rules">
      {(told) => (
        <>
          <Facts
            rows={[
              ['Bundle in force', <code key="bundle">{told.bundle}</code>],
              [
                'Tests of the files',
                told.readable && `${plural(told.passed, 'passes', 'pass')}, ${plural(told.failed, 'fails', 'fail')}`,
              ],
            ]}
          />
          {told.complaints.length > 0 && (
            <Notice tone={told.readable ? 'warn' : 'bad'}>
              <p>
                <strong>
                  {told.readable
                    ? 'The files have something that is probably not meant'
                    : 'The files cannot be read: the rules below are the last good ones'}
                </strong>
              </p>
              <ul>
                {told.complaints.slice(0, 20).map(({ file, line, message }) => (
                  <li key={`${file} ${line} ${message}`}>{`${file}:${line}: ${message}`}</li>
                ))}
              </ul>
            </Notice>
          )}
          {told.rules.length === 0 ? (
            <Empty title="No rules: every call is refused">
              <p>A rule is a YAML document in the governance directory. This writes a first one:</p>
              <Code>reeve init</Code>
            </Empty>
          ) : (
            <DataTable
              name="Rules in force"
              rows={told.rules}
              columns={kRules}
              rowKey={({ rule }) => rule}
              file="rules"
            />
          )}
          {told.exceptions.length > 0 && (
            <DataTable
              name="Exceptions in force"
              rows={told.exceptions}
              rowKey={({ name }) => name}
              file="rule-exceptions"
              columns={[
                { name: 'Exception', value: ({ name }) => name },
                { name: 'Lifts', value: ({ rules }) => rules.join(', ') },
                { name: 'Reason', value: ({ reason }) => reason },
                { name: 'Approved by', value: ({ approved_by: by }) => by },
                { name: 'Ends', value: ({ ends }) => ends, show: ({ ends }) => <time>{day(ends)}</time> },
              ]}
            />
          )}
        </>
      )}
    </Answer>
  )
}

const kShadow: Column<ShadowRule>[] = [
  {
    name: 'Rule',
    value: ({ rule }) => rule,
    show: ({ rule }) => (
      <Link to="/policies/$rule" params={{ rule }}>
        {rule}
      </Link>
    ),
  },
  {
    name: 'Ready',
    value: ({ ready, missing }) => (ready ? 'ready' : missing.join('; ')),
    show: ({ ready, missing }) => (ready ? <Tag tone="good">ready to enforce</Tag> : missing.join('; ')),
  },
  { name: 'Asked about', number: true, value: ({ decisions }) => decisions, show: (row) => count(row.decisions) },
  { name: 'Would act on', number: true, value: ({ matched }) => matched, show: (row) => count(row.matched) },
  { name: 'Would refuse', number: true, value: (row) => row.would_refuse, show: (row) => count(row.would_refuse) },
  {
    name: 'What those cost',
    number: true,
    value: (row) => row.refused_cost_nanos / 1e9,
    show: (row) => money(row.refused_cost_nanos),
  },
  { name: 'People', number: true, value: ({ people }) => people },
  { name: 'Errors', number: true, value: ({ errors }) => errors },
  { name: 'Models', value: ({ models }) => models.join(', ') },
]

function InShadow() {
  const query = useQuery({
    queryKey: ['/api/v1/policy/shadow'],
    queryFn: ({ signal }) => read<Shadow>('/api/v1/policy/shadow', { since: '14d' }, signal),
  })
  return (
    <Answer query={query} what="what they would do">
      {({ rules, criteria, since }) =>
        rules.length === 0 ? (
          <Empty title="No rule is in shadow">
            <p>
              A rule with <code>mode: shadow</code> changes nothing and notes what it would have done: the way to try a
              rule on what really happens before anybody is refused by it.
            </p>
          </Empty>
        ) : (
          <>
            <p>{`Since ${day(since)}. ${criteria}.`}</p>
            <DataTable
              name="Rules in shadow"
              rows={rules}
              columns={kShadow}
              rowKey={({ rule }) => rule}
              file="shadow"
            />
          </>
        )
      }
    </Answer>
  )
}

function Kept() {
  const query = useQuery({
    queryKey: ['/api/v1/policy/bundles'],
    queryFn: ({ signal }) => read<Bundles>('/api/v1/policy/bundles', {}, signal),
  })
  return (
    <Answer query={query} what="bundles">
      {({ bundles }) => (
        <DataTable
          name="Bundles that were in force"
          rows={bundles}
          rowKey={({ digest }) => digest}
          file="bundles"
          columns={[
            { name: 'Bundle', value: ({ digest }) => digest, show: ({ digest }) => <code>{digest}</code> },
            { name: 'First in force', value: ({ kept }) => kept, show: ({ kept }) => <time>{time(kept)}</time> },
            {
              name: 'Now',
              value: ({ in_force: inForce }) => (inForce ? 'in force' : ''),
              show: ({ in_force: inForce }) => inForce && <Tag tone="good">in force</Tag>,
            },
          ]}
        />
      )}
    </Answer>
  )
}

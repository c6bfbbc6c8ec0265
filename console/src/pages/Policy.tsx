// One rule: its text, its tests, who changed it and who approved that, and what it did.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { read } from '../api'
import type { RuleTold } from '../apiReading'
import { count, day, plural, time } from '../format'
import { Answer, Card, Code, Empty, Facts, Page, Tag } from '../parts/basics'
import { DataTable } from '../parts/DataTable'
import { policyRoute } from '../router'
import { usePerson } from '../session'

export function Policy() {
  const { rule } = policyRoute.useParams()
  const query = useQuery({
    queryKey: ['/api/v1/policy/rules', rule],
    queryFn: ({ signal }) => read<RuleTold>(`/api/v1/policy/rules/${encodeURIComponent(rule)}`, {}, signal),
  })
  return (
    <Page title={rule} lead={<Link to="/policies">All policies</Link>}>
      <Answer query={query} what="the rule">
        {(told) => <Told told={told} />}
      </Answer>
    </Page>
  )
}

function Told({ told }: { told: RuleTold }) {
  const { policy } = told
  const me = usePerson()
  return (
    <>
      <Card title={policy.title ?? 'The rule'}>
        <Facts
          rows={[
            ['Effect', <Tag key="effect">{policy.effect}</Tag>],
            [
              'Mode',
              <Tag key="mode" tone={policy.mode === 'enforce' ? 'good' : 'warn'}>
                {policy.mode}
              </Tag>,
            ],
            ['Asked at', policy.on.join(', ')],
            ['Holds for', policy.layer],
            ['Owner', policy.owner],
            ['Tells people', policy.message],
            ['Way forward', policy.fix],
            ['Controls', policy.controls.join(', ')],
            ['From', policy.since && day(policy.since)],
            ['Until', policy.until && day(policy.until)],
            ['File', policy.line > 0 ? `${policy.file}, line ${policy.line}` : policy.file],
            [
              'In 30 days',
              told.use &&
                (told.use.length > 0
                  ? told.use
                      .map(
                        (use) =>
                          `${count(use.calls)} ${use.enforced ?? ''} for ${plural(use.people, 'person', 'people')}`,
                      )
                      .join('; ')
                  : 'it decided nothing'),
            ],
            [
              'Its decisions',
              me.may('sessions.read') && (
                <Link key="decisions" to="/decisions" search={{ rule: policy.rule, since: '30d' }}>
                  of the last 30 days
                </Link>
              ),
            ],
          ]}
        />
      </Card>
      {told.text && (
        <Card title="Its text">
          <Code>{told.text}</Code>
        </Card>
      )}
      <Card title="Its tests">
        {told.cases.length === 0 ? (
          <Empty title="It has no tests of its own">
            <p>
              Put <code>tests</code> into the rule: what is given, and what is expected.
            </p>
            <p>
              <code>reeve policy test</code> runs them.
            </p>
          </Empty>
        ) : (
          <DataTable
            name="Tests"
            rows={told.cases}
            rowKey={({ name, line }) => `${name} ${line}`}
            file="rule-tests"
            columns={[
              { name: 'Test', value: ({ name }) => name },
              {
                name: 'Result',
                value: ({ passed }) => (passed ? 'passes' : 'fails'),
                show: ({ passed }) => <Tag tone={passed ? 'good' : 'bad'}>{passed ? 'passes' : 'fails'}</Tag>,
              },
              { name: 'Why', value: ({ failure }) => failure },
              { name: 'Line', number: true, value: ({ line }) => line },
            ]}
          />
        )}
        {told.parts.length > 0 && (
          <DataTable
            name="Parts of its condition, as tests met them"
            rows={told.parts}
            rowKey={({ condition }, i) => `${condition} ${i}`}
            file="rule-coverage"
            columns={[
              { name: 'Part of the condition', value: ({ condition }) => condition },
              { name: 'Tests where it held', number: true, value: (part) => part.true },
              { name: 'Tests where it did not', number: true, value: (part) => part.false },
            ]}
          />
        )}
      </Card>
      <Card title="Who changed it, and who approved">
        {told.history.length === 0 ? (
          <Empty title="No history is known">
            <p>{told.history_unknown ?? 'Its file was never committed.'}</p>
          </Empty>
        ) : (
          <DataTable
            name="Changes of its file"
            rows={told.history}
            rowKey={({ commit }) => commit}
            file="rule-history"
            columns={[
              { name: 'When', value: ({ at }) => at, show: ({ at }) => <time>{time(at)}</time> },
              { name: 'Change', value: ({ subject }) => subject },
              { name: 'By', value: ({ author }) => author },
              { name: 'Approved by', value: (change) => change.approved_by },
              { name: 'Commit', value: ({ commit }) => commit.slice(0, 12) },
            ]}
          />
        )}
      </Card>
    </>
  )
}

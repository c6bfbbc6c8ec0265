// The kill switch played with practice streams: whether it works, and how fast.

import { useMutation } from '@tanstack/react-query'
import { write } from '../api'
import type { Drill as Played } from '../apiReading'
import { count } from '../format'
import { Button, Card, Code, Notice, Problem, Tag } from '../parts/basics'
import { DataTable } from '../parts/DataTable'
import { queries, usePerson } from '../session'

const ms = (value: number) => `${count(value)} ms`

export function Drill() {
  const may = usePerson().may('kill.switch')
  const drill = useMutation({
    mutationFn: () =>
      write<Played>('POST', '/api/v1/kill-switch/drills', { scope: 'all', reason: 'a drill from the console' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/api/v1/kill-switch'] }),
  })
  return (
    <Card title="Does it work?" note="A drill">
      <p>
        A drill starts practice streams on every node, cuts them off and tells how long each took to end. Nobody's work
        is touched, and the report is in the ledger.
      </p>
      {may ? (
        <p>
          <Button onClick={() => drill.mutate()} disabled={drill.isPending}>
            {drill.isPending ? 'Drilling, for some seconds…' : 'Drill now'}
          </Button>
        </p>
      ) : (
        <Code>reeve kill drill --scope all</Code>
      )}
      {drill.error && <Problem error={drill.error} />}
      {drill.data && (
        <>
          <Notice tone={drill.data.good ? 'good' : 'bad'} alert>
            <p>{drill.data.good ? 'Everything ended within a second.' : 'Not everything ended within a second.'}</p>
          </Notice>
          <DataTable
            name="The drill, by node"
            rows={drill.data.nodes}
            rowKey={({ node }) => node}
            file="drill"
            columns={[
              { name: 'Node', value: ({ node }) => node },
              { name: 'Streams', number: true, value: ({ calls }) => calls },
              {
                name: 'Learned of it',
                number: true,
                value: (one) => one.learned_ms,
                show: (one) => ms(one.learned_ms),
              },
              { name: 'Half had ended', number: true, value: (one) => one.p50_ms, show: (one) => ms(one.p50_ms) },
              { name: 'Last byte', number: true, value: (one) => one.max_ms, show: (one) => ms(one.max_ms) },
              {
                name: 'Result',
                value: (one) => (!one.done ? 'no answer' : one.unended > 0 ? `${one.unended} went on` : 'ended'),
                show: (one) => (
                  <Tag tone={one.done && one.unended === 0 ? 'good' : 'bad'}>
                    {!one.done ? 'no answer' : one.unended > 0 ? `${one.unended} went on` : 'ended'}
                  </Tag>
                ),
              },
            ]}
          />
        </>
      )}
    </Card>
  )
}

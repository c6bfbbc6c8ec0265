// One entry, and whether it is in the ledger as its signer says: checked here, by this browser, and not by the server
// that showed it.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError, read, readText, type Entry, type ProvenEntry } from '../api'
import { download } from '../copying'
import { count, money, time } from '../format'
import { Answer, Button, Card, Code, Facts, Notice, Page, Tag } from '../parts/basics'
import { entryRoute } from '../router'
import { usePerson } from '../session'
import { aboutOf, effectOf, toneOfEntry, whoOf } from './entryWords'

export function LedgerEntry() {
  const { seq } = entryRoute.useParams()
  const query = useQuery({
    queryKey: ['/api/v1/ledger/entries', 'one', seq],
    queryFn: ({ signal }) =>
      read<ProvenEntry>(`/api/v1/ledger/entries/${encodeURIComponent(seq)}`, { proof: 1 }, signal),
  })
  return (
    <Page title={`Entry ${seq}`} lead={<Link to="/ledger">The ledger</Link>}>
      <Answer query={query} what="the entry">
        {(proven) => (
          <>
            <Told entry={proven.entry} />
            <Proof key={seq} proven={proven} />
            <Card title="As it stands in the ledger">
              <Code>{JSON.stringify(proven.entry, null, 2)}</Code>
            </Card>
          </>
        )}
      </Answer>
    </Page>
  )
}

function Told({ entry }: { entry: Entry }) {
  const maySee = usePerson().may('sessions.read')
  const { decision, model, cost, outcome, content, session_id: session } = entry
  const found = content?.findings
    ?.map(
      ({ type, count: times, action }) =>
        `${type}${times && times > 1 ? ` (${count(times)})` : ''}${action ? `: ${action}` : ''}`,
    )
    .join(', ')
  return (
    <Card title="What it says">
      <Facts
        rows={[
          ['What', entry.kind],
          ['When', `${time(entry.time)} UTC`],
          ['Who', whoOf(entry)],
          ['About', model ? '' : aboutOf(entry)],
          [
            'Model',
            model &&
              [
                model.served ?? model.asked,
                model.provider && `at ${model.provider}`,
                model.region && `in ${model.region}`,
              ]
                .filter(Boolean)
                .join(' '),
          ],
          ['Decision', effectOf(entry) && <Tag tone={toneOfEntry(entry)}>{effectOf(entry)}</Tag>],
          ['By the rules', decision?.rules?.join(', ')],
          ['Because', decision?.reason ?? outcome?.reason],
          ['Found', found],
          ['Cost', cost?.nanos === undefined ? '' : money(cost.nanos)],
          [
            'Session',
            session && maySee && (
              <Link to="/sessions/$session" params={{ session }}>
                {session}
              </Link>
            ),
          ],
        ]}
      />
    </Card>
  )
}

type Verdict = { good: boolean; text: string }

async function check(proof: string, entry: Entry): Promise<Verdict> {
  const [{ checkTlogProof }, { parseVerifierKey }, key] = await Promise.all([
    import('@verifier/tlog_proof.mjs'),
    import('@verifier/note.mjs'),
    readText('/log/key'),
  ])
  const checked = await checkTlogProof(new TextEncoder().encode(proof), null, [parseVerifierKey(key.trim())])
  // What the proof vouches for is what is shown above, member for member.
  const proven = JSON.stringify(JSON.parse(new TextDecoder().decode(checked.entry)))
  if (proven !== JSON.stringify(entry))
    return { good: false, text: 'The proof is of another entry than the one that is shown.' }
  return {
    good: true,
    text:
      'This browser followed the hashes from the entry to the tree of ' +
      `${count(checked.checkpoint.size)} entries, whose` +
      ` head is signed by ${key.trim().split('+')[0]}.`,
  }
}

function Proof({ proven }: { proven: ProvenEntry }) {
  const [verdict, setVerdict] = useState<Verdict>()
  const { proof } = proven
  if (!proof) {
    return (
      <Card title="Proof">
        <p>{proven.unproven ?? 'It is not signed yet. Load the page again in a moment.'}</p>
      </Card>
    )
  }
  const look = () => {
    check(proof, proven.entry).then(setVerdict, (error: unknown) =>
      setVerdict({
        good: false,
        text: error instanceof ApiError || error instanceof Error ? error.message : String(error),
      }),
    )
  }
  return (
    <Card title="Proof" note="That it is in the ledger, and was not changed">
      <p>
        <Button kind="first" onClick={look}>
          Check it in this browser
        </Button>{' '}
        <Button onClick={() => download(`entry-${proven.index}.tlog-proof`, proof, 'text/plain')}>
          Download the proof
        </Button>
      </p>
      {verdict && (
        <Notice tone={verdict.good ? 'good' : 'bad'} alert>
          <p>
            <strong>{verdict.good ? 'It holds.' : 'It does not hold.'}</strong>
          </p>
          <p>{verdict.text}</p>
          {verdict.good && (
            <p>The key came from this server. Compare it with the one that you were given another way.</p>
          )}
        </Notice>
      )}
    </Card>
  )
}

// Evidence packs: what the ledger says about the controls of a framework, as one file that can be checked without us.

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { read, write } from '../api'
import { count, plural, time } from '../format'
import {
  Answer,
  Button,
  Card,
  Code,
  Empty,
  Facts,
  Field,
  Notice,
  Page,
  Problem,
  Tag,
  styles as basics,
} from '../parts/basics'
import { queries } from '../session'
import styles from './Registers.module.css'

interface Framework {
  name: string
  title: string
  controls: number
  recorded: number
  checked_on: string
}
interface Pack {
  id: string
  framework: string
  from: string
  to?: string
  by: string
  begun: string
  state: 'making' | 'ready' | 'failed'
  progress?: { step: string; done: number; total: number }
  failure?: string
  digest?: string
  file?: string
  bytes?: number
  entries?: number
  not_signed?: number
  controls?: number
  evidenced?: number
  partly?: number
  gap?: number
}
interface Told {
  frameworks: Framework[]
  packs: Pack[]
}

const kPath = '/api/v1/evidence'
const isUnderWay = (told: Told | undefined) => told?.packs.some(({ state }) => state === 'making') ?? false
const ask = ({ signal }: { signal: AbortSignal }) => read<Told>(kPath, {}, signal)

export function Evidence() {
  const query = useQuery({
    queryKey: [kPath],
    queryFn: ask,
    // While one is made, how far it is; otherwise nothing changes by itself.
    refetchInterval: ({ state }) => (isUnderWay(state.data) ? 700 : false),
  })
  return (
    <Page
      title="Evidence"
      lead={
        'What the ledger says about the controls of a framework, over a time, as a file for auditors: ' +
        'with the entries, and the proof that nothing of it was changed.'
      }
    >
      <Answer query={query} what="evidence packs">
        {(told) => (
          <>
            <Make frameworks={told.frameworks} isBusy={isUnderWay(told)} />
            <Card title="Packs" note="Kept for a day">
              {told.packs.length === 0 ? (
                <Empty title="None was made in the last day">
                  <p>Have one made above; it is here when it is ready, for everybody who may read the ledger.</p>
                </Empty>
              ) : (
                <ul className={styles.reviews}>
                  {told.packs.map((pack) => (
                    <li key={pack.id}>
                      <Shown pack={pack} frameworks={told.frameworks} />
                    </li>
                  ))}
                </ul>
              )}
            </Card>
            <Card title="How to check one">
              <p>
                Unpack it, open <code>verify.html</code> of it in a browser and drop the folder on it: that needs
                neither this server nor a network. Or, with the verifier of the repository:
              </p>
              <Code>node verifier/verify.mjs FOLDER --key KEY</Code>
              <p>Get the key by another way than the pack. Figures say what was recorded; they judge nothing.</p>
            </Card>
          </>
        )}
      </Answer>
    </Page>
  )
}

function quarterBegin(now = new Date()): string {
  const month = Math.floor(now.getUTCMonth() / 3) * 3 + 1
  return `${now.getUTCFullYear()}-${String(month).padStart(2, '0')}-01`
}

function Make({ frameworks, isBusy }: { frameworks: Framework[]; isBusy: boolean }) {
  const [form, setForm] = useState({ framework: frameworks[0]?.name ?? 'all', from: quarterBegin(), to: '' })
  const set = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm({ ...form, [name]: event.target.value })
  const begin = useMutation({
    mutationFn: () => write<Pack>('POST', kPath, form),
    onSuccess: () => queries.invalidateQueries({ queryKey: [kPath] }),
  })
  return (
    <Card title="Make one">
      {begin.error && <Problem error={begin.error} />}
      <form
        className={styles.filter}
        onSubmit={(event) => {
          event.preventDefault()
          begin.mutate()
        }}
      >
        <Field label="Framework">
          <select className={basics.input} value={form.framework} onChange={set('framework')}>
            {frameworks.map(({ name, title, controls, recorded }) => (
              <option key={name} value={name}>
                {`${title} (${recorded} of ${controls} controls)`}
              </option>
            ))}
            <option value="all">All of them</option>
          </select>
        </Field>
        <Field label="From">
          <input className={basics.input} type="date" value={form.from} onChange={set('from')} required />
        </Field>
        <Field label="To, with that day">
          <input className={basics.input} type="date" value={form.to} onChange={set('to')} />
        </Field>
        <Button kind="first" type="submit" disabled={begin.isPending || isBusy}>
          Make it
        </Button>
      </form>
      <p className={basics.soft}>Without an end it reaches until now. That you had it made goes on record.</p>
    </Card>
  )
}

const kSteps: Record<string, string> = {
  reading: 'Reading the ledger',
  writing: 'Writing the entries',
  packing: 'Packing it into one file',
}

function Shown({ pack, frameworks }: { pack: Pack; frameworks: Framework[] }) {
  const title = frameworks.find(({ name }) => name === pack.framework)?.title ?? 'All frameworks'
  const { progress } = pack
  return (
    <section className={styles.pack} aria-label={`${title}, ${time(pack.begun)}`}>
      <p>
        <strong>{title}</strong> <Word state={pack.state} />
      </p>
      {pack.state === 'making' && progress && (
        <p role="status">
          {kSteps[progress.step] ?? progress.step}
          {progress.total > 0 && `: ${count(progress.done)} of ${plural(progress.total, 'entry', 'entries')}`}…
          <progress
            className={basics.bar}
            aria-label={`How far ${title} is`}
            {...(progress.total > 0 ? { value: progress.done, max: progress.total } : {})}
          />
        </p>
      )}
      {pack.failure && (
        <Notice tone="bad">
          <p>{pack.failure}</p>
        </Notice>
      )}
      <Facts
        rows={[
          ['Period', `${pack.from} to ${pack.to || 'when it was made'}`],
          ['Made for', `${pack.by}, ${time(pack.begun)} UTC`],
          ['Entries', pack.entries !== undefined && count(pack.entries)],
          [
            'Controls',
            pack.controls !== undefined &&
              `${count(pack.controls)}: ${count(pack.evidenced)} with evidence in all parts, ` +
                `${count(pack.partly)} in some, ${count(pack.gap)} of which Reeve has no records`,
          ],
          ['Not signed yet, so left out', pack.not_signed ? plural(pack.not_signed, 'entry', 'entries') : ''],
          ['Digest', pack.digest && <code key="digest">{pack.digest}</code>],
        ]}
      />
      {pack.file && (
        <p>
          <a className={`${basics.button} ${basics.first}`} href={pack.file} download>
            {`Download (${Math.max(1, Math.round((pack.bytes ?? 0) / 1024)).toLocaleString('en-US')} KB)`}
          </a>
        </p>
      )}
    </section>
  )
}

function Word({ state }: { state: Pack['state'] }) {
  if (state === 'ready') return <Tag tone="good">ready</Tag>
  return state === 'failed' ? <Tag tone="bad">failed</Tag> : <Tag tone="accent">being made</Tag>
}

// Changing what the inventory says about something. Two people may do it at once: nobody's words are lost, and nobody
// overwrites what they have not seen.

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, read, write } from '../api'
import { Button, Field, Notice, Problem, styles as basics } from '../parts/basics'
import { Modal } from '../parts/Modal'
import { type Item, type ItemRow } from '../registers'
import { queries } from '../session'
import { changedFields, draftOf, kItemFields, merged, requestOf, type Draft, type ItemField } from './itemForm'
import styles from './Registers.module.css'

const wasApproved = ({ status }: Item) => status.startsWith('approved') || status === 'in_use'

export function EditItem({ item, path, close }: { item: Item; path: string; close: () => void }) {
  // What the form began with, and again after somebody else's change.
  const [base, setBase] = useState(item)
  const [draft, setDraft] = useState<Draft>(() => draftOf(item))
  const [meanwhile, setMeanwhile] = useState<{ theirs: Draft; changed: ItemField[]; both: ItemField[] }>()
  const save = useMutation({
    mutationFn: () => write('PUT', path, requestOf(base, draft), undefined, `"${base.version}"`),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['/api/v1/inventory'] })
      close()
    },
    onError: async (error) => {
      if (!(error instanceof ApiError) || error.status !== 412) return
      const { item: now } = await read<ItemRow>(path)
      const theirs = draftOf(now)
      const { draft: both, both: clash } = merged(draftOf(base), theirs, draft)
      setMeanwhile({ theirs, changed: changedFields(draftOf(base), theirs), both: clash })
      setDraft(both)
      setBase(now)
      save.reset()
    },
  })
  const changed = changedFields(draftOf(base), draft)
  return (
    <Modal
      title={`Change ${item.title}`}
      close={close}
      submit={() => save.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="first" type="submit" disabled={save.isPending || changed.length === 0}>
            Save
          </Button>
        </>
      }
    >
      {save.error && <Problem error={save.error} />}
      {meanwhile && (
        <Meanwhile {...meanwhile} take={(name) => setDraft({ ...draft, [name]: meanwhile.theirs[name] ?? '' })} />
      )}
      {wasApproved(base) && changed.some(({ approved }) => approved) && (
        <Notice tone="warn">
          <p>
            It was approved as it is. With this change it is proposed again, until somebody approves it:{' '}
            {changed
              .filter(({ approved }) => approved)
              .map(({ label }) => label.toLowerCase())
              .join(', ')}
            .
          </p>
        </Notice>
      )}
      {kItemFields.map((field) => (
        <Input
          key={field.name}
          field={field}
          value={draft[field.name] ?? ''}
          set={(value) => setDraft({ ...draft, [field.name]: value })}
        />
      ))}
    </Modal>
  )
}

function Input({ field, value, set }: { field: ItemField; value: string; set: (value: string) => void }) {
  const shared = {
    className: basics.input,
    value,
    required: field.required,
    onChange: (event: { target: { value: string } }) => set(event.target.value),
  }
  return (
    <Field label={field.label} hint={field.hint}>
      {field.choices ? (
        <select {...shared}>
          <option value="">Not said</option>
          {field.choices.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      ) : field.list || field.long ? (
        <textarea {...shared} rows={field.list ? Math.max(2, value.split('\n').length) : 3} />
      ) : (
        <input {...shared} maxLength={field.name === 'title' || field.name === 'owner' ? 200 : 500} />
      )}
    </Field>
  )
}

const inOneLine = (text: string | undefined) => text?.split('\n').join(', ') || 'nothing'

function Meanwhile({
  theirs,
  changed,
  both,
  take,
}: {
  theirs: Draft
  changed: ItemField[]
  both: ItemField[]
  take: (name: string) => void
}) {
  return (
    <Notice tone="warn" alert>
      <p>
        <strong>Somebody else changed it while you wrote.</strong> Nothing is saved yet. What they changed is in the
        form now, and what you changed stays as you wrote it. Look at it, then save.
      </p>
      <ul className={styles.meanwhile}>
        {changed.map((field) => (
          <li key={field.name}>
            {field.label} is now: {inOneLine(theirs[field.name])}
            {both.includes(field) && (
              <>
                {' '}
                (you wrote something else){' '}
                <Button kind="quiet" onClick={() => take(field.name)}>
                  Take theirs<span className={basics.hidden}> {field.label}</span>
                </Button>
              </>
            )}
          </li>
        ))}
      </ul>
    </Notice>
  )
}

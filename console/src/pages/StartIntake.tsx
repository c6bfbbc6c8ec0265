// The beginning of an intake: what it is. The questions come on the intake's own page.

import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { write } from '../api'
import { Button, Field, Problem, styles as basics } from '../parts/basics'
import { Choice } from '../parts/Choice'
import { Modal } from '../parts/Modal'
import { kKinds, type IntakeShown } from '../registers'
import { queries } from '../session'

export function useStartIntake() {
  const navigate = useNavigate()
  const [key] = useState(() => crypto.randomUUID())
  return useMutation({
    mutationFn: (about: { kind: string; title: string } | { item: string }) =>
      write<IntakeShown>(
        'POST',
        '/api/v1/intake',
        about,
        `${key}-${encodeURIComponent(JSON.stringify(about))}`.slice(0, 255),
      ),
    onSuccess: ({ intake }) => {
      void queries.invalidateQueries({ queryKey: ['/api/v1/intake'] })
      void queries.invalidateQueries({ queryKey: ['/api/v1/inventory'] })
      void navigate({ to: '/intake/$id', params: { id: intake.id } })
    },
  })
}

export function StartIntake({ close }: { close: () => void }) {
  const [kind, setKind] = useState('model')
  const [title, setTitle] = useState('')
  const start = useStartIntake()
  return (
    <Modal
      title="Register something"
      close={close}
      submit={() => start.mutate({ kind, title: title.trim() })}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="first" type="submit" disabled={start.isPending}>
            To the questions
          </Button>
        </>
      }
    >
      {start.error && <Problem error={start.error} />}
      <p>At most ten questions follow. From the answers you see at once how risky it is and who has to say yes.</p>
      <Choice label="What it is" value={kind} options={kKinds} choose={setKind} />
      <Field label="Name" hint="As people will look for it: “Claude Opus for payments”.">
        <input
          className={basics.input}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          required
          maxLength={200}
        />
      </Field>
    </Modal>
  )
}

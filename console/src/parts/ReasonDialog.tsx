// Asks for a reason before something is done that others will want to understand later; the ledger keeps it.

import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { queries } from '../session'
import { Button, Field, Problem, styles } from './basics'
import { Modal } from './Modal'

export function ReasonDialog({
  title,
  action,
  danger = false,
  optional = false,
  hint = 'It is kept in the ledger.',
  label = 'Reason',
  children,
  close,
  act,
}: {
  title: string
  action: string
  danger?: boolean
  optional?: boolean
  hint?: string
  label?: string
  children?: ReactNode
  close: () => void
  act: (reason: string) => Promise<unknown>
}) {
  const [reason, setReason] = useState('')
  const doing = useMutation({
    mutationFn: () => act(reason),
    onSuccess: () => {
      close()
      return queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
    },
  })
  return (
    <Modal
      title={title}
      close={close}
      submit={() => doing.mutate()}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind={danger ? 'danger' : 'first'} type="submit" disabled={doing.isPending}>
            {action}
          </Button>
        </>
      }
    >
      {doing.error && <Problem error={doing.error} />}
      {children}
      <Field label={label} hint={hint}>
        <input
          className={styles.input}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          required={!optional}
          maxLength={400}
          autoFocus
        />
      </Field>
    </Modal>
  )
}

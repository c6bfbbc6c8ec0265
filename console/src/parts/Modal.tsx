// The browser's own dialog: it keeps the focus inside, closes with Escape and gives the focus back, without a line of
// style that the content security policy would have to allow.

import { useEffect, useId, useRef, type ReactNode } from 'react'
import styles from './Modal.module.css'

export function Modal({
  title,
  close,
  children,
  buttons,
  submit,
}: {
  title: string
  close: () => void
  children: ReactNode
  buttons: ReactNode
  submit?: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={id} onClose={close}>
      <form
        className={styles.inside}
        onSubmit={(event) => {
          event.preventDefault()
          submit?.()
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <div className={styles.buttons}>{buttons}</div>
      </form>
    </dialog>
  )
}

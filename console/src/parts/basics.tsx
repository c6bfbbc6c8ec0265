// What every page is made of.

import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { useEffect, useId } from 'react'
import { ApiError } from '../api'
import { sentence } from '../format'
import styles from './basics.module.css'

export { styles }
export type Tone = 'good' | 'bad' | 'warn' | 'accent' | undefined

export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Reeve`
  }, [title])
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          <h1>{title}</h1>
          {lead && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export function Card({
  title,
  note,
  children,
  className = '',
}: {
  title?: ReactNode
  note?: ReactNode
  children: ReactNode
  className?: string
}) {
  const id = useId()
  return (
    <section className={`${styles.card} ${className}`} aria-labelledby={title ? id : undefined}>
      {title && (
        <div className={styles.cardHead}>
          <h2 id={id}>{title}</h2>
          {note && <span className={styles.soft}>{note}</span>}
        </div>
      )}
      {children}
    </section>
  )
}

export function Button({
  kind,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: 'first' | 'danger' | 'quiet' }) {
  return (
    <button
      type="button"
      {...rest}
      className={`${styles.button} ${kind ? styles[kind] : ''} ${rest.className ?? ''}`}
    />
  )
}

export const Tag = ({ tone, children }: { tone?: Tone; children: ReactNode }) => (
  <span className={styles.tag} data-tone={tone}>
    {children}
  </span>
)

export function Notice({ tone, children, alert = false }: { tone?: Tone; children: ReactNode; alert?: boolean }) {
  return (
    <div className={styles.notice} data-tone={tone} role={alert ? 'alert' : undefined}>
      {children}
    </div>
  )
}

// Nothing there yet: what it would be, and how it comes about.
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p className={styles.emptyTitle}>{title}</p>
      {children}
    </div>
  )
}

export const Code = ({ children }: { children: string }) => (
  <pre className={styles.code}>
    <code>{children}</code>
  </pre>
)

export const Loading = ({ what }: { what: string }) => (
  <div className={styles.skeleton} role="status">
    <span className={styles.hidden}>{`Reading ${what}`}</span>
    <i />
    <i />
    <i />
    <i />
  </div>
)

// What went wrong, in the server's own words: they say what to do.
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError
  return (
    <Notice tone={known && error.status === 503 ? 'warn' : 'bad'} alert>
      <p>
        <strong>{known ? error.title : 'This page failed'}</strong>
      </p>
      <p>{sentence(error instanceof Error ? error.message : String(error))}</p>
      {known && error.status === 403 && (
        <p>
          Your roles are on <a href="/console/you">your own page</a>.
        </p>
      )}
      {retry && (
        <p>
          <Button onClick={retry}>Try again</Button>
        </p>
      )}
    </Notice>
  )
}

// One question of the API, in all its states.
export function Answer<T>({
  query,
  what,
  children,
}: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown; isPending: boolean }
  what: string
  children: (data: T) => ReactNode
}) {
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />
  if (query.data === undefined) return <Loading what={what} />
  return <>{children(query.data)}</>
}

export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  const shown = rows.filter(([, value]) => value !== undefined && value !== '' && value !== null && value !== false)
  return (
    <dl className={styles.facts}>
      {shown.map(([name, value]) => [<dt key={`${name}-name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
    </dl>
  )
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className={styles.field}>
      <span>{label}</span>
      {children}
      {hint && <small>{hint}</small>}
    </label>
  )
}

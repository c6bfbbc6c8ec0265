// In front of everything: the way in, whichever there is.

import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { read, visit } from '../api'
import mark from '../mark.svg'
import { Answer, Button, Code, Notice, Problem, styles as basics } from '../parts/basics'
import styles from './SignIn.module.css'

interface Visitor {
  person: string
  role: string
}
interface Status {
  demonstration: boolean
  providers: string[]
  visitors: Visitor[]
}

const here = () => location.pathname + location.search

export function SignIn() {
  const status = useQuery({
    queryKey: ['status'],
    queryFn: () => read<Status>('/console/status'),
  })
  useEffect(() => {
    document.title = 'Sign in · Reeve'
  }, [])
  return (
    <main className={styles.place}>
      <div className={styles.card} data-wide={Boolean(status.data?.visitors.length)}>
        <div className={styles.brand}>
          <img src={mark} alt="" />
          <h1>Reeve</h1>
        </div>
        <p className={basics.soft}>Who spends what on AI, what leaves the building, and who decided it.</p>
        <Answer query={status} what="how people sign in here">
          {({ demonstration, providers, visitors }) => (
            <>
              {demonstration && (
                <Notice tone="warn">
                  <p>
                    <strong>Demonstration data.</strong> The people and the company in it do not exist.
                  </p>
                </Notice>
              )}
              {providers.length > 0 ? (
                <ByProvider providers={providers} />
              ) : visitors.length > 0 ? (
                <AsVisitor visitors={visitors} />
              ) : (
                <ByLink />
              )}
            </>
          )}
        </Answer>
      </div>
    </main>
  )
}

function ByProvider({ providers }: { providers: string[] }) {
  const only = providers.length === 1 ? providers[0] : undefined
  return (
    <>
      <a
        className={`${basics.button} ${basics.first} ${styles.first}`}
        href={`/console/sign-in?${new URLSearchParams({ to: here() })}`}
      >
        {only ? `Sign in with ${only}` : 'Sign in with your company'}
      </a>
      <p className={basics.soft}>You go there and come back here. Reeve never sees your password.</p>
    </>
  )
}

const kSees: Record<string, string> = {
  viewer: 'spend, budgets and exceptions, as finance does',
  developer: 'their own spend, sessions and what was refused',
  approver: 'what waits for a yes: exceptions, intakes',
  'policy-author': 'rules, what they would change, appeals',
  auditor: 'the ledger and its proofs, sessions, decisions, evidence',
  'incident-commander': 'the kill switch and its drill, sessions',
  administrator: 'people, keys, budgets, the inventory, the server',
}

// Made-up people on this machine only: no password stands before what nobody owns.
function AsVisitor({ visitors }: { visitors: Visitor[] }) {
  const enter = useMutation({ mutationFn: visit, onSuccess: () => location.assign(here()) })
  return (
    <>
      <h2>Look as one of its people</h2>
      {enter.error && <Problem error={enter.error} />}
      <ul className={styles.visitors}>
        {visitors.map(({ person, role }) => (
          <li key={person}>
            <Button disabled={enter.isPending} onClick={() => enter.mutate(person)}>
              {role.replaceAll('-', ' ')}
            </Button>
            <span>
              {kSees[role]}
              <small>{person.split('@')[0]}</small>
            </span>
          </li>
        ))}
      </ul>
      <p className={basics.soft}>
        Or as whoever runs it: <code>reeve console</code> prints a link.
      </p>
    </>
  )
}

function ByLink() {
  return (
    <>
      <h2>Open it with a link</h2>
      <p>No company's sign-in is configured here. On the machine that Reeve runs on, in the same directory, run</p>
      <Code>reeve console</Code>
      <p>and open the link that it prints, in a browser on that machine. It works once, for ten minutes.</p>
      <p className={basics.soft}>
        For more people than you: set <code>identity.oidc</code> with a <code>client_id</code> in{' '}
        <code>reeve.yaml</code>, and everybody signs in with the company's provider.
      </p>
    </>
  )
}

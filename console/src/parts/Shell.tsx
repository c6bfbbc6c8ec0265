// What is around every page: where one can go, who one is, the keys.

import * as Menu from '@radix-ui/react-dropdown-menu'
import { Link, Navigate, Outlet, useLocation, useMatches, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { signOut } from '../api'
import mark from '../mark.svg'
import { placeAt, placesFor, type Place } from '../places'
import { queries, usePerson } from '../session'
import { applyTheme, currentTheme, type Theme } from '../theme'
import { Button, Empty, Page } from './basics'
import { Modal } from './Modal'
import styles from './Shell.module.css'

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

// "g" and a letter goes to a page, "?" shows the keys. Not while somebody types, nor with a modifier: those are the
// browser's and the screen reader's.
function useKeys(shown: Place[], help: () => void) {
  const navigate = useNavigate()
  const goingUntil = useRef(0)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]')) return
      if (event.key === '?') return help()
      if (event.key === 'g') {
        goingUntil.current = event.timeStamp + 1500
        return
      }
      const place = event.timeStamp < goingUntil.current && shown.find(({ key }) => key === event.key)
      goingUntil.current = 0
      if (place) void navigate({ to: place.path })
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [shown, help, navigate])
}

function Keys({ shown, close }: { shown: Place[]; close: () => void }) {
  return (
    <Modal
      title="Keys"
      close={close}
      buttons={
        <Button kind="first" onClick={close} autoFocus>
          Close
        </Button>
      }
    >
      <dl className={styles.keys}>
        {shown.map(({ key, title, path }) => [
          <dt key={`${path}-key`}>
            <kbd>g</kbd>
            <kbd>{key}</kbd>
          </dt>,
          <dd key={path}>{title}</dd>,
        ])}
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>This list</dd>
        <dt>
          <kbd>Tab</kbd>
        </dt>
        <dd>The first stop of a page skips the navigation</dd>
      </dl>
    </Modal>
  )
}

async function leave() {
  await signOut()
  queries.clear()
  location.assign('/console/')
}

function Person({ help }: { help: () => void }) {
  const me = usePerson()
  const [theme, setTheme] = useState<Theme>(currentTheme())
  const choose = (next: string) => {
    setTheme(next as Theme)
    applyTheme(next as Theme)
  }
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={styles.person}>
        {me.person}
        <small>{me.roles.join(', ') || (me.decided_by === 'roles' ? 'no role yet' : 'this machine')}</small>
      </Menu.Trigger>
      {/* Not in a portal: there it would lie outside of every landmark. */}
      <Menu.Content className={styles.menu} side="top" align="start" sideOffset={6}>
        <Menu.Label className={styles.label}>Colours</Menu.Label>
        <Menu.RadioGroup value={theme} onValueChange={choose}>
          {(['system', 'light', 'dark'] as const).map((name) => (
            <Menu.RadioItem
              key={name}
              value={name}
              className={styles.item}
              onSelect={(event) => event.preventDefault()}
            >
              {name === 'system' ? 'As the system' : name === 'light' ? 'Light' : 'Dark'}
              <Menu.ItemIndicator>✓</Menu.ItemIndicator>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Separator className={styles.line} />
        <Menu.Item className={styles.item} onSelect={help}>
          Keys <kbd>?</kbd>
        </Menu.Item>
        <Menu.Item className={styles.item} onSelect={() => void leave()}>
          Sign out
        </Menu.Item>
      </Menu.Content>
    </Menu.Root>
  )
}

// A new page begins at its beginning, for whoever hears it, too.
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const first = useRef(true)
  useEffect(() => {
    if (!first.current) main.current?.focus()
    first.current = false
  }, [pathname])
  return main
}

// Somebody followed a link to what their roles do not open: said before anything is asked that would be refused.
function NotForYou({ place }: { place: Place }) {
  const me = usePerson()
  const { pathname, search } = useLocation()
  // Who may ask for an exception without seeing those of others asks on their own page.
  const ask = (search as { ask?: string }).ask
  if (pathname === '/exceptions' && ask !== undefined && me.may('exceptions.ask')) {
    return <Navigate to="/you" search={{ ask }} replace />
  }
  return (
    <Page title={place.title}>
      <Empty title="Your roles do not open this page">
        <p>
          You are {me.person}, {me.roles.length > 0 ? `with the role ${me.roles.join(', ')}` : 'without a role'}. This
          page needs the permission {place.permission}: whoever runs Reeve gives it with a role.
        </p>
        <p>
          <Link to="/you">To your own page</Link>
        </p>
      </Empty>
    </Page>
  )
}

const Demonstration = () => (
  <p className={styles.demonstration} role="note">
    <strong>Demonstration data.</strong> These people and their company do not exist, and nothing of this happened.{' '}
    <button type="button" onClick={() => void leave()}>
      Look as somebody else
    </button>
  </p>
)

export function Shell() {
  const me = usePerson()
  // Of what is shown, not of what is on its way: a page must not be there for the moment that the next one takes.
  const place = placeAt(useMatches({ select: (matches) => matches.at(-1)?.fullPath ?? '/' }))
  const isOpen = !place?.permission || me.may(place.permission)
  const shown = placesFor(me.permissions)
  const [keysOpen, setKeysOpen] = useState(false)
  useKeys(shown, () => setKeysOpen(true))
  const main = useFocusOnArrival()
  return (
    <div className={styles.shell}>
      <a
        className={styles.skip}
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the page
      </a>
      <header className={styles.side}>
        <Link to="/" className={styles.brand}>
          <img src={mark} alt="" />
          Reeve
        </Link>
        <nav className={styles.nav} aria-label="Pages">
          <ul>
            {shown.map(({ path, title }) => (
              <li key={path}>
                <Link to={path} activeOptions={{ exact: path === '/', includeSearch: false }}>
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className={styles.foot}>
          <Person help={() => setKeysOpen(true)} />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        {me.demonstration && <Demonstration />}
        {isOpen || !place ? <Outlet /> : <NotForYou place={place} />}
      </main>
      {keysOpen && <Keys shown={shown} close={() => setKeysOpen(false)} />}
    </div>
  )
}

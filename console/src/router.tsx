// The addresses. What a page shows is in its address, so that a link shows the same to somebody else.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, redirect } from '@tanstack/react-router'
import { Empty, Page, Problem } from './parts/basics'
import { Shell } from './parts/Shell'
import { Overview } from './pages/Overview'

const NotThere = () => (
  <Page title="Nothing here">
    <Empty title="There is no page at this address">
      <p>
        <Link to="/">To the overview</Link>
      </p>
    </Empty>
  </Page>
)

const root = createRootRoute({ component: Shell, notFoundComponent: NotThere, errorComponent: Problem })
type Given = Record<string, unknown>
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview })
export const spendRoute = createRoute({
  getParentRoute: () => root,
  path: '/spend',
  validateSearch: (given: Given): { by?: string; since?: string } => ({ by: text(given.by), since: text(given.since) }),
  component: lazyRouteComponent(() => import('./pages/Spend'), 'Spend'),
})
const budgets = createRoute({
  getParentRoute: () => root,
  path: '/budgets',
  component: lazyRouteComponent(() => import('./pages/Budgets'), 'Budgets'),
})
export const sessionsRoute = createRoute({
  getParentRoute: () => root,
  path: '/sessions',
  validateSearch: (given: Given): { since?: string } => ({ since: text(given.since) }),
  component: lazyRouteComponent(() => import('./pages/Sessions'), 'Sessions'),
})
export const sessionRoute = createRoute({
  getParentRoute: () => root,
  path: '/sessions/$session',
  component: lazyRouteComponent(() => import('./pages/Session'), 'Session'),
})
export const ledgerRoute = createRoute({
  getParentRoute: () => root,
  path: '/ledger',
  validateSearch: (given: Given): { filter?: string } => ({ filter: text(given.filter) }),
  component: lazyRouteComponent(() => import('./pages/Ledger'), 'Ledger'),
})
export const entryRoute = createRoute({
  getParentRoute: () => root,
  path: '/ledger/$seq',
  component: lazyRouteComponent(() => import('./pages/LedgerEntry'), 'LedgerEntry'),
})
export const exceptionsRoute = createRoute({
  getParentRoute: () => root,
  path: '/exceptions',
  validateSearch: (given: Given): { show?: string } => ({ show: text(given.show) }),
  component: lazyRouteComponent(() => import('./pages/Exceptions'), 'Exceptions'),
})
export const exceptionRoute = createRoute({
  getParentRoute: () => root,
  path: '/exceptions/$id',
  component: lazyRouteComponent(() => import('./pages/Exception'), 'Exception'),
})
const kill = createRoute({
  getParentRoute: () => root,
  path: '/kill-switch',
  component: lazyRouteComponent(() => import('./pages/KillSwitch'), 'KillSwitch'),
})
const you = createRoute({
  getParentRoute: () => root,
  path: '/you',
  component: lazyRouteComponent(() => import('./pages/You'), 'You'),
})
// The way back from signing in, when the browser kept the address.
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  beforeLoad: () => {
    throw redirect({ to: '/' })
  },
})

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    spendRoute,
    budgets,
    sessionsRoute,
    sessionRoute,
    ledgerRoute,
    entryRoute,
    exceptionsRoute,
    exceptionRoute,
    kill,
    you,
    signIn,
  ]),
  basepath: '/console',
  defaultPreload: false,
  scrollRestoration: false,
  defaultErrorComponent: Problem,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

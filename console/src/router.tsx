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
// The router reads what looks like a number as one.
const text = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined

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
export const inventoryRoute = createRoute({
  getParentRoute: () => root,
  path: '/inventory',
  validateSearch: (given: Given): { text?: string; kind?: string; status?: string; tier?: string; flag?: string } => ({
    text: text(given.text),
    kind: text(given.kind),
    status: text(given.status),
    tier: text(given.tier),
    flag: text(given.flag),
  }),
  component: lazyRouteComponent(() => import('./pages/Inventory'), 'Inventory'),
})
export const itemRoute = createRoute({
  getParentRoute: () => root,
  path: '/inventory/$id',
  component: lazyRouteComponent(() => import('./pages/Item'), 'Item'),
})
export const intakesRoute = createRoute({
  getParentRoute: () => root,
  path: '/intake',
  validateSearch: (given: Given): { show?: string } => ({ show: text(given.show) }),
  component: lazyRouteComponent(() => import('./pages/Intakes'), 'Intakes'),
})
export const intakeRoute = createRoute({
  getParentRoute: () => root,
  path: '/intake/$id',
  component: lazyRouteComponent(() => import('./pages/Intake'), 'Intake'),
})
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  component: lazyRouteComponent(() => import('./pages/Approvals'), 'Approvals'),
})
const evidence = createRoute({
  getParentRoute: () => root,
  path: '/evidence',
  component: lazyRouteComponent(() => import('./pages/Evidence'), 'Evidence'),
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
    inventoryRoute,
    itemRoute,
    intakesRoute,
    intakeRoute,
    approvals,
    evidence,
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

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
const filterOf = (names: string[]) => (given: Given) =>
  Object.fromEntries(names.map((name) => [name, text(given[name])])) as Record<string, string | undefined>

const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview })
export const spendRoute = createRoute({
  getParentRoute: () => root,
  path: '/spend',
  validateSearch: (given: Given): { by?: string; since?: string; show?: string } => ({
    by: text(given.by),
    since: text(given.since),
    show: text(given.show),
  }),
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
  validateSearch: (given: Given): { since?: string; sort?: string } => ({
    since: text(given.since),
    sort: text(given.sort),
  }),
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
  validateSearch: (given: Given): { show?: string; ask?: string } => ({ show: text(given.show), ask: text(given.ask) }),
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
export const youRoute = createRoute({
  getParentRoute: () => root,
  path: '/you',
  validateSearch: filterOf(['ask']),
  component: lazyRouteComponent(() => import('./pages/You'), 'You'),
})
export const decisionsRoute = createRoute({
  getParentRoute: () => root,
  path: '/decisions',
  validateSearch: filterOf(['since', 'outcome', 'person', 'team', 'model', 'rule']),
  component: lazyRouteComponent(() => import('./pages/Decisions'), 'Decisions'),
})
export const decisionRoute = createRoute({
  getParentRoute: () => root,
  path: '/decisions/$seq',
  component: lazyRouteComponent(() => import('./pages/Decision'), 'Decision'),
})
export const policiesRoute = createRoute({
  getParentRoute: () => root,
  path: '/policies',
  validateSearch: filterOf(['show']),
  component: lazyRouteComponent(() => import('./pages/Policies'), 'Policies'),
})
export const policyRoute = createRoute({
  getParentRoute: () => root,
  path: '/policies/$rule',
  component: lazyRouteComponent(() => import('./pages/Policy'), 'Policy'),
})
export const contentRoute = createRoute({
  getParentRoute: () => root,
  path: '/content',
  validateSearch: filterOf(['by', 'since']),
  component: lazyRouteComponent(() => import('./pages/Content'), 'Content'),
})
export const peopleRoute = createRoute({
  getParentRoute: () => root,
  path: '/people',
  validateSearch: filterOf(['show', 'search']),
  component: lazyRouteComponent(() => import('./pages/People'), 'People'),
})
export const personRoute = createRoute({
  getParentRoute: () => root,
  path: '/people/$person',
  component: lazyRouteComponent(() => import('./pages/Person'), 'Person'),
})
export const agentsRoute = createRoute({
  getParentRoute: () => root,
  path: '/agents',
  validateSearch: filterOf(['state']),
  component: lazyRouteComponent(() => import('./pages/Agents'), 'Agents'),
})
const server = createRoute({
  getParentRoute: () => root,
  path: '/server',
  component: lazyRouteComponent(() => import('./pages/Server'), 'Server'),
})
export const ownSessionRoute = createRoute({
  getParentRoute: () => root,
  path: '/you/sessions/$session',
  component: lazyRouteComponent(() => import('./pages/OwnSession'), 'OwnSession'),
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
    decisionsRoute,
    decisionRoute,
    policiesRoute,
    policyRoute,
    contentRoute,
    peopleRoute,
    personRoute,
    agentsRoute,
    server,
    kill,
    youRoute,
    ownSessionRoute,
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

// The pages, and what of the API each needs: whoever may not ask for it is not led there.

export interface Place {
  path: string
  title: string
  permission?: string
  key: string // behind "g"
}

export const places: Place[] = [
  { path: '/', title: 'Overview', key: 'o' },
  { path: '/spend', title: 'Spend', permission: 'spend.read', key: 's' },
  { path: '/budgets', title: 'Budgets', permission: 'budgets.read', key: 'b' },
  { path: '/sessions', title: 'Sessions', permission: 'sessions.read', key: 'e' },
  { path: '/decisions', title: 'Decisions', permission: 'sessions.read', key: 'd' },
  { path: '/policies', title: 'Policies', permission: 'policy.read', key: 'p' },
  { path: '/content', title: 'Content', permission: 'policy.read', key: 'c' },
  { path: '/ledger', title: 'Ledger', permission: 'ledger.read', key: 'l' },
  { path: '/evidence', title: 'Evidence', permission: 'ledger.read', key: 'f' },
  { path: '/approvals', title: 'Approvals', permission: 'intake.read', key: 'w' },
  { path: '/inventory', title: 'Inventory', permission: 'inventory.read', key: 'i' },
  { path: '/intake', title: 'Intake', permission: 'intake.read', key: 'n' },
  { path: '/exceptions', title: 'Exceptions', permission: 'exceptions.read', key: 'x' },
  { path: '/people', title: 'People', permission: 'directory.read', key: 'r' },
  { path: '/agents', title: 'Agents', permission: 'agents.read', key: 'a' },
  { path: '/kill-switch', title: 'Kill switch', permission: 'kill.read', key: 'k' },
  { path: '/server', title: 'Server', permission: 'settings.read', key: 'v' },
  { path: '/you', title: 'You', key: 'y' },
]

// Whether the four questions have an answer for somebody; who has other work here begins on their own page.
export const hasOverview = (permissions: string[]) =>
  permissions.includes('spend.read') || permissions.includes('exceptions.read') || permissions.length === 0

export const placesFor = (permissions: string[]) =>
  places.filter(({ path, permission }) =>
    path === '/' ? hasOverview(permissions) : !permission || permissions.includes(permission),
  )

// The one that an address belongs to, with or without a name behind it. The overview is open to everybody.
export const placeAt = (pathname: string) =>
  places.find(({ path }) => path !== '/' && (pathname === path || pathname.startsWith(`${path}/`)))

// The control API as the console asks it. A refusal is an ApiError with the sentence that the server gave: pages show
// it as it is, because it says what to do.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
  ) {
    super(detail)
  }
}

export type Parameters = Record<string, string | number | undefined>

export function addressOf(path: string, parameters: Parameters = {}): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '')
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
  // The API takes a plus for a plus.
  return given.length === 0 ? path : `${path}?${query.toString().replaceAll('+', '%20')}`
}

async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text()
  if (response.ok) return (text === '' ? {} : JSON.parse(text)) as T
  let problem: { title?: string; detail?: string } = {}
  try {
    problem = JSON.parse(text)
  } catch {
    // Not one of ours: a proxy's page, or the server's own line of text.
  }
  throw new ApiError(
    response.status,
    problem.title ?? `Status ${response.status}`,
    problem.detail ?? 'Reeve did not answer as expected. Try again in a moment.',
  )
}

async function ask<T>(path: string, options: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin', ...options })
  } catch {
    throw new ApiError(0, 'No connection', 'Reeve does not answer. Is it running, and are you on its network?')
  }
  return answerOf<T>(response)
}

export const read = <T>(path: string, parameters: Parameters = {}, signal?: AbortSignal) =>
  ask<T>(addressOf(path, parameters), { signal })

// `key`: the same for a request that is sent again, so that it is done once. `version`: the ETag of what was read,
// where nobody's change in between may be overwritten; 412 then says that there was one.
export const write = <T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  key?: string,
  version?: string,
) =>
  ask<T>(path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(key ? { 'idempotency-key': key } : {}),
      ...(version ? { 'if-match': version } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })

export async function readText(path: string): Promise<string> {
  const response = await fetch(path, { credentials: 'same-origin' })
  if (!response.ok) throw new ApiError(response.status, `Status ${response.status}`, `${path} cannot be read.`)
  return response.text()
}

export const signOut = () =>
  ask('/console/sign-out', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: '',
  })

// Of demonstration data: signed in as one of its people. Asked by script, since a form of a page that tells nobody
// where it was does not tell the server either.
export async function visit(person: string): Promise<void> {
  const response = await fetch('/console/visit', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ person }),
  })
  if (response.ok) return
  const why = 'This works in a browser on the machine that Reeve runs on only.'
  throw new ApiError(response.status, 'Not signed in', why)
}

// ---- What the API tells ----

export interface Me {
  person: string
  type: string
  team?: string
  groups: string[]
  roles: string[]
  permissions: string[]
  decided_by: 'roles' | 'scopes'
  demonstration: boolean
}

export interface Usage {
  input: number
  output: number
  cache_read: number
  reasoning: number
}
export interface SpendGroup {
  calls: number
  refused: number
  estimated: number
  unknown_prices: number
  cost_nanos: number
  usage: Usage
  [dimension: string]: unknown
}
export interface SpendReport {
  by: string[]
  groups: SpendGroup[]
  total: SpendGroup
}

export interface MonthGroup {
  name?: string
  before_nanos: number
  after_nanos: number
  difference_nanos: number
  effects_nanos: Record<string, number>
}
export interface SpendChanges {
  in_words: string
  comparison: { before: string; after: string; part_of_month: boolean; total: MonthGroup; groups: MonthGroup[] }
}
export interface Forecast {
  month: string
  spent_nanos: number
  possible: boolean
  basis: string
  expected_nanos?: number
  low80_nanos?: number
  high80_nanos?: number
}
export interface Advice {
  rule: string
  team: string
  person: string
  from: string
  to: string
  calls: number
  cost_nanos: number
  saving_nanos: number
}
export interface SavingsAdvice {
  looked_at_nanos: number
  advice: Advice[]
}
export interface ContentFlow {
  type: string
  provider: string
  region: string
  model?: string
  calls: number
  refused: number
  redacted: number
  people: number
}

export interface Review {
  approved: boolean
  at: string
  by: string
  reason?: string
  conditions?: string[]
}
export interface ExceptionRequest {
  id: string
  state: string
  in_effect: boolean
  ends: string
  digest: string
  request: {
    made: string
    reviews: Review[]
    asked: {
      kind: string
      budget?: string
      rules?: string[]
      extra_nanos?: number
      extra_tokens?: number
      scope?: Record<string, string | string[]>
      reason: string
      requested_by: string
      requested_for: string
      from: string
      until: string
      work_item?: string
    }
  }
}

export interface SessionRow {
  session: string
  person?: string
  team?: string
  client?: string
  repo?: string
  calls: number
  denied: number
  not_ok: number
  first: string
  last: string
  // None where every call was refused.
  cost_nanos?: number
  input_tokens?: number
  output_tokens?: number
}
export interface SessionCall {
  seq: number
  request: string
  started?: string
  time: string
  total_us?: number
  person?: string
  intent?: number
  agent?: string
  agent_parent?: string
  model_asked?: string
  model_served?: string
  effect?: string
  enforced?: string
  rule?: string
  status?: string
  status_reason?: string
  input_tokens?: number
  output_tokens?: number
  cost_nanos?: number
  findings?: string
}

export interface Entry {
  seq: number
  time: string
  kind: string
  request_id?: string
  session_id?: string
  principal?: { id: string; groups?: string[]; team?: string }
  model?: { asked?: string; served?: string; provider?: string; region?: string }
  decision?: { effect?: string; enforced?: string; mode?: string; rules?: string[]; bundle?: string; reason?: string }
  content?: { labels?: string[]; findings?: { type: string; count?: number; action?: string }[]; bytes?: number }
  usage?: Record<string, number>
  cost?: { nanos?: number; currency?: string; price_version?: string }
  outcome?: { status?: string; reason?: string }
  detail?: Record<string, unknown>
  [member: string]: unknown
}
export interface ProvenEntry {
  index: number
  entry: Entry
  proof?: string
  unproven?: string
}

export interface Cutoff {
  id: string
  scope: string
  reason: string
  by: string
  at: string
  on: boolean
  until?: string
  ended?: string
  ended_by?: string
  ended_reason?: string
  practice?: boolean
}

export interface Budget {
  name: string
  title?: string
  owner?: string
  origin?: string | Record<string, unknown>
  document?: Record<string, unknown>
  counters: {
    title: string
    scope: Record<string, string>
    window_begin: string
    window_end: string
    limits: Record<string, { limit: number; spent: number; reserved: number; allowed: number; percent: number }>
  }[]
}

// What the reading routes tell: decisions, policy, content, people, the server, and what is one's own.

import type { Entry } from './api'

export interface DecisionRow {
  decision: number
  seq: number
  time: string
  request?: string
  session?: string
  person?: string
  team?: string
  agent?: string
  client?: string
  repo?: string
  model_asked?: string
  model_served?: string
  effect?: string
  enforced?: string
  rule?: string
  reason?: string
  budget?: string
  degraded_by?: string
  findings?: string
  status?: string
  status_reason?: string
  cost_nanos?: number
}

export interface RuleExplanation {
  rule: string
  effect: string
  mode: string
  matched: boolean
  counted: boolean
  standing: string
  file: string
  line: number
  predicates: { condition: string; value: string; facts: Record<string, string> }[]
}
export interface Explanation {
  on: string
  effect: string
  rule?: string
  message?: string
  bundle: string
  input: string
  recorded_effect?: string
  recorded_input?: string
  exceptions: string[]
  ended: { exception: string; why: string }[]
  errors: { rule: string; message: string }[]
  rules: RuleExplanation[]
}
export interface ExplainedDecision {
  entry: Entry
  explanation: Explanation
  recorded_bundle: string
  current_bundle: string
}

export interface ReplayGroup {
  change?: string
  rule?: string
  person?: string
  decisions: number
  people: number
  now_refused: number
  now_allowed: number
  refused_cost_nanos: number
}
export interface Replay {
  rules: string
  since: string
  until: string
  decisions: number
  agreed: number
  differing: number
  not_replayed: { bundle_unknown: number; unreadable: number; facts_cut: number }
  changes: ReplayGroup
  by_effect: ReplayGroup[]
  by_rule: ReplayGroup[]
  by_person: ReplayGroup[]
  differences: {
    seq: number
    time: string
    request_id: string
    person: string
    model: string
    was: { effect: string; rule?: string }
    would_be: { effect: string; rule?: string }
    parts: string
  }[]
}

export interface Rule {
  rule: string
  title?: string
  owner?: string
  effect: string
  mode: string
  on: string[]
  message?: string
  fix?: string
  controls: string[]
  layer: string
  file: string
  line: number
  since?: string
  until?: string
  tests: { passed: number; failed: number }
  coverage?: { parts: number; covered: number }
}
export interface RulesInForce {
  bundle: string
  readable: boolean
  complaints: { file: string; line: number; message: string; error: boolean }[]
  passed: number
  failed: number
  rules: Rule[]
  exceptions: { name: string; reason: string; approved_by: string; ends: string; rules: string[] }[]
}
export interface RuleTold {
  bundle: string
  policy: Rule
  text?: string
  cases: { name: string; line: number; passed: boolean; failure?: string }[]
  parts: { condition: string; true: number; false: number }[]
  history: { commit: string; at: string; author: string; subject: string; approved_by?: string }[]
  history_unknown?: string
  use?: { enforced?: string; calls: number; people: number }[]
}
export interface ShadowRule {
  rule: string
  effect: string
  ready: boolean
  missing: string[]
  decisions: number
  matched: number
  changed: number
  would_refuse: number
  would_allow: number
  errors: number
  refused_cost_nanos: number
  people: number
  models: string[]
}
export interface Shadow {
  since: string
  until: string
  criteria: string
  bundle_unknown: number
  rules: ShadowRule[]
}
export interface Bundles {
  bundles: { digest: string; kept: string; in_force: boolean }[]
}

export interface Detector {
  type: string
  title: string
  class: string
  severity: string
}
export interface Finding {
  type: string
  of: string
  calls: number
  refused: number
  redacted: number
  people: number
  last: string
}
export interface Findings {
  by: string
  cut: boolean
  findings: Finding[]
  detectors: Detector[]
}
export interface Appeal {
  appeal: number
  at: string
  by: string
  reason: string
  request_id: string
  type: string
  state: string
  decided_by?: string
  decided_at?: string
  decided_reason?: string
}

export interface PersonRow {
  person: string
  team?: string
  in_directory: boolean
  active: boolean
  keys: number
  calls: number
  cost_nanos: number
  last?: string
}
export interface Key {
  id: string
  owner: string
  type: string
  team?: string
  groups: string[]
  scopes: string[]
  hint: string
  created: string
  expires?: string | null
  revoked?: string
  note?: string
  state: string
}
export interface PersonTold {
  person: string
  groups: string[]
  roles: string[]
  keys: Key[]
  spend?: { model?: string; calls: number; refused: number; cost_nanos: number }[]
}
export interface SignInRow {
  id: string
  person: string
  state: string
  begun: string
  client?: string
}
export interface Agent {
  id: string
  title?: string
  purpose?: string
  owner: string
  team?: string
  state: string
  risk?: string
  expires?: string
  requested_by?: string
  [member: string]: unknown
}

export interface Server {
  started_with: {
    version: string
    started: string
    node: string
    tls: boolean
    listens: string
    public_url?: string
    shares_a_database: boolean
    directory: boolean
    agents: boolean
    issuers: { issuer: string; name?: string; people_sign_in: boolean }[]
    content: string
    content_kept?: string
    retention_frameworks: string[]
    witnesses: string[]
    witness_quorum: number
    heartbeat: string
  }
  now: string
  bundle: string
  rules: number
  budgets: number
  detectors?: string
  models: string[]
  providers?: {
    name: string
    keys: { name: string; priority?: number; weight?: number; state: string; status?: number; until?: string }[]
  }[]
  checkpoint?: { origin: string; entries: number; root: string }
  cosigned?: { origin: string; entries: number; root: string }
  exports: { name: string; sink: string; begun: boolean; lag: number; held_up_by?: string }[]
  index: { ready: boolean; why?: string }
  cutoffs: number
}

export interface OwnSpend {
  cut: boolean
  days: {
    day: string
    model?: string
    calls: number
    refused: number
    cost_nanos: number
    input_tokens: number
    output_tokens: number
  }[]
}
export interface OwnSession {
  session: string
  client?: string
  repo?: string
  calls: number
  denied: number
  first: string
  last: string
  cost_nanos: number
  output_tokens: number
}
export interface OwnDecisions {
  decisions: DecisionRow[]
  rules: { rule: string; title?: string; message?: string; fix?: string; owner?: string }[]
  next?: string
}

export interface DrillNode {
  node: string
  calls: number
  done: boolean
  learned_ms: number
  p50_ms: number
  p99_ms: number
  max_ms: number
  unended: number
}
export interface Drill {
  good: boolean
  nodes: DrillNode[]
}

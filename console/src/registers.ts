// What the registers' part of the API tells (docs/registers.md), and its words.

import type { Tone } from './parts/basics'

export interface Item {
  id: string
  version: number
  kind: string
  title: string
  status: string
  purpose?: string
  owner?: string
  notes?: string
  users?: string[]
  data_classes?: string[]
  integrations?: string[]
  guardrails?: string[]
  model?: string
  provider?: string
  environment?: string
  hosting?: string
  region?: string
  retention?: string
  training_use?: string
  human_review?: string
  seen_as?: string[] | string
  risk_tier?: number
  conditions?: string[]
  registered?: string
  registered_by?: string
  reviewed?: string
  next_review?: string
  expires?: string
  intake?: string
  ended?: { at: string; by: string; reason: string }
}
export interface Seen {
  first: string
  last: string
  calls: number
  cost_nanos?: number // for those who may read spend
  people: number
}
export interface ItemRow {
  item: Item
  flags?: string[]
  seen?: Seen
}
export interface Drift {
  unregistered: ItemRow[]
  without_approval: ItemRow[]
  not_seen: ItemRow[]
  cut?: boolean
}
export interface Step {
  version: number
  at: string
  by: string
  step: string
  reason?: string
  changes?: { member: string; from?: unknown; to?: unknown }[]
}

export interface Question {
  id: string
  text: string
  help?: string
  many?: boolean
  optional?: boolean
  answers?: { id: string; text: string }[]
}
export interface Form {
  name: string
  version: string
  tiers?: Record<string, number>
  questions: Question[]
}
export type Given = string | string[]
export interface Checklist {
  name: string
  title: string
  reviewers?: string
  questions: { id: string; text: string }[]
  done: boolean
}
export interface Intake {
  id: string
  version: number
  purpose: string
  item: string
  kind: string
  title: string
  requested_by: string
  owner: string
  answers?: Record<string, Given>
  missing?: string[]
  tier?: {
    tier: number
    points: number
    because: { question: string; answer: string; points?: number; at_least?: number; why?: string }[]
  }
  state: string
  started: string
  submitted?: string
  due?: string
  decided?: string
  checklists?: Checklist[]
  reviews?: {
    checklist: string
    by: string
    at: string
    verdict: string
    answers?: Record<string, string>
    comment?: string
  }[]
  decisions?: {
    decision: string
    by: string
    at: string
    reason: string
    conditions?: string[]
    until?: string
    exception?: string
  }[]
  decisions_needed?: number
  deciders?: string
  digest?: string
  overdue?: boolean
}
export interface IntakeShown {
  intake: Intake
  form: Form
  item?: Item
  may?: string[]
  why_not?: Record<string, string>
}
export interface Approval {
  kind: string
  id: string
  title: string
  what?: string
  asked_by?: string
  since?: string
  due?: string
  overdue?: boolean
  do: string
}

export const kKinds: [string, string][] = [
  ['model', 'Model'],
  ['copilot', 'Copilot'],
  ['agent', 'Agent'],
  ['prompt_template', 'Prompt template'],
  ['vector_store', 'Vector store'],
  ['embedding_service', 'Embedding service'],
  ['third_party_api', 'Third-party API'],
  ['tool', 'Tool or MCP server'],
]
export const kStatuses: [string, string][] = [
  ['seen_not_registered', 'Seen, not registered'],
  ['proposed', 'Proposed'],
  ['in_review', 'In review'],
  ['approved', 'Approved'],
  ['approved_with_conditions', 'Approved with conditions'],
  ['approved_with_exception', 'Approved with an exception'],
  ['denied', 'Denied'],
  ['in_use', 'In use'],
  ['suspended', 'Suspended'],
  ['decommissioned', 'Decommissioned'],
  ['open', 'Answers are missing'],
  ['withdrawn', 'Withdrawn'],
]
export const kFlags: [string, string][] = [
  ['review_due', 'Review due'],
  ['review_overdue', 'Review overdue'],
  ['not_seen', 'Not seen for 60 days'],
  ['seen_without_approval', 'Used without approval'],
]
const wordIn = (pairs: [string, string][], name: string) =>
  pairs.find(([key]) => key === name)?.[1] ?? name.replaceAll('_', ' ')
export const kindOf = (name: string) => wordIn(kKinds, name)
export const statusOf = (name: string) => wordIn(kStatuses, name)
export const flagOf = (name: string) => wordIn(kFlags, name)

export function toneOfStatus(status: string): Tone {
  if (['seen_not_registered', 'open', 'proposed', 'in_review'].includes(status)) return 'warn'
  if (['denied', 'suspended'].includes(status)) return 'bad'
  return status.startsWith('approved') || status === 'in_use' ? 'good' : undefined
}
export const kVerdicts: [string, string, Tone][] = [
  ['pass', 'It passes', 'good'],
  ['concerns', 'There are concerns', 'warn'],
  ['fail', 'It fails', 'bad'],
]
export const kDecisions: [string, string][] = [
  ['approve', 'Approve'],
  ['approve_with_conditions', 'Approve with conditions'],
  ['approve_with_exception', 'Approve with an exception, for a time'],
  ['deny', 'Deny'],
]
export const listed = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : value === undefined || value === null ? '' : String(value)
export const isOver = (due: string | undefined, now = Date.now()) => due !== undefined && Date.parse(due) < now

// Where something that waits is looked at.
export function placeOf({ kind, id }: Approval): string {
  if (kind.startsWith('intake')) return `/intake/${encodeURIComponent(id)}`
  return kind === 'exception' ? `/exceptions/${encodeURIComponent(id)}` : `/agents/${encodeURIComponent(id)}`
}

// Decisions in words, the same in every list.

import type { DecisionRow } from '../apiReading'
import type { Tone } from '../parts/basics'

const kWords: Record<string, string> = {
  allow: 'allowed',
  deny: 'refused',
  redact: 'replaced',
  degrade: 'cheaper model',
  route: 'routed',
}

export function outcomeOf({ enforced, degraded_by: degraded, status }: DecisionRow): string {
  if (enforced === 'deny') return 'refused'
  if (degraded) return 'cheaper model'
  if (status && status !== 'ok') return `${kWords[enforced ?? ''] ?? enforced ?? ''}, ${status}`
  return kWords[enforced ?? ''] ?? enforced ?? 'under way'
}

export function toneOf({ enforced, degraded_by: degraded, status }: DecisionRow): Tone {
  if (enforced === 'deny') return 'bad'
  return degraded || enforced !== 'allow' || (status && status !== 'ok') ? 'warn' : 'good'
}

export const modelOf = ({ model_asked: asked, model_served: served }: DecisionRow) =>
  asked && served && asked !== served ? `${asked} → ${served}` : (served ?? asked ?? '')

// What decided: a rule, a budget, or nothing that allowed it.
export const deciderOf = ({ rule, budget, degraded_by: degraded }: DecisionRow) =>
  budget ?? degraded ?? rule ?? '(default)'

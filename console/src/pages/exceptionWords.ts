// Exceptions in words, the same in every list.

import type { ExceptionRequest } from '../api'
import { count, money } from '../format'
import type { Tone } from '../parts/basics'

export function describe({ request: { asked } }: ExceptionRequest): string {
  const scope = Object.values(asked.scope ?? {})
    .flat()
    .join(', ')
  const whom = scope ? ` for ${scope}` : ''
  if (asked.kind === 'budget') {
    const amount = [
      asked.extra_nanos ? money(asked.extra_nanos) : '',
      asked.extra_tokens ? `${count(asked.extra_tokens)} tokens` : '',
    ]
      .filter(Boolean)
      .join(' and ')
    return `${amount} more of ${asked.budget}${whom}`
  }
  const rules = (asked.rules ?? []).join(', ')
  return asked.kind === 'rule' ? `Off the rule ${rules}${whom}` : `Approval that ${rules} requires${whom}`
}

export function toneOf({ state, in_effect: inEffect }: ExceptionRequest): Tone {
  if (state === 'requested') return 'warn'
  if (state === 'denied') return 'bad'
  return inEffect ? 'good' : undefined
}

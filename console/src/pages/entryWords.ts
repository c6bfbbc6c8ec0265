// Entries in a line.

import type { Entry } from '../api'
import type { Tone } from '../parts/basics'

const word = (value: unknown) => (typeof value === 'string' ? value : undefined)

export const whoOf = ({ principal, detail }: Entry): string =>
  principal?.id ?? word(detail?.person) ?? word(detail?.by) ?? word(detail?.owner) ?? ''

export function aboutOf({ model, detail, content }: Entry): string {
  const found = content?.findings?.map(({ type }) => type).join(', ')
  const served = model?.served ?? model?.asked
  if (served) return found ? `${served}; found ${found}` : served
  for (const name of ['sentence', 'what', 'scope', 'id', 'through', 'name', 'reason', 'version']) {
    const text = word(detail?.[name])
    if (text) return text
  }
  return ''
}

const kWords: Record<string, string> = {
  allow: 'allowed',
  deny: 'refused',
  redact: 'replaced',
  degrade: 'cheaper model',
  route: 'routed',
}
export const effectOf = ({ decision }: Entry): string => {
  const effect = decision?.enforced ?? decision?.effect ?? ''
  return kWords[effect] ?? effect
}
export function toneOfEntry({ decision }: Entry): Tone {
  const effect = decision?.enforced ?? decision?.effect
  if (effect === 'deny') return 'bad'
  return effect === 'allow' ? 'good' : effect ? 'warn' : undefined
}

// The part of an item that people write, as a form has it, and what becomes of two people's changes.

import type { Item } from '../registers'

export interface ItemField {
  name: keyof Item
  label: string
  hint?: string
  // One of these; a list, one a line; a longer text; else a line of text.
  choices?: [string, string][]
  list?: boolean
  long?: boolean
  required?: boolean
  // What was approved: another value has to be approved again (docs/registers.md).
  approved?: boolean
}

export const kItemFields: ItemField[] = [
  { name: 'title', label: 'Name', required: true },
  { name: 'owner', label: 'Owner', hint: 'Who answers for it: a person or a team.', required: true },
  { name: 'purpose', label: 'Purpose', long: true, approved: true },
  { name: 'users', label: 'Used by', hint: 'Groups or people, one a line.', list: true, approved: true },
  {
    name: 'data_classes',
    label: 'Data',
    hint: 'Classes of data that it sees, one a line.',
    list: true,
    approved: true,
  },
  { name: 'model', label: 'Model', approved: true },
  { name: 'provider', label: 'Provider', approved: true },
  {
    name: 'environment',
    label: 'Environment',
    choices: [
      ['development', 'Development'],
      ['test', 'Test'],
      ['production', 'Production'],
    ],
    approved: true,
  },
  {
    name: 'hosting',
    label: 'Runs at',
    choices: [
      ['provider', 'The provider'],
      ['own_cloud', 'Our own cloud'],
      ['own_premises', 'Our own premises'],
      ['workstation', 'Workstations'],
    ],
    approved: true,
  },
  { name: 'region', label: 'Region', approved: true },
  { name: 'retention', label: 'Kept for', hint: 'How long the provider keeps what is sent.', approved: true },
  {
    name: 'training_use',
    label: 'Training on our data',
    choices: [
      ['none', 'None'],
      ['opt_out', 'Opted out'],
      ['allowed', 'Allowed'],
      ['unknown', 'Unknown'],
    ],
    approved: true,
  },
  {
    name: 'human_review',
    label: 'People look at its work',
    choices: [
      ['always', 'Always'],
      ['sampled', 'Sometimes'],
      ['none', 'Never'],
    ],
    approved: true,
  },
  { name: 'integrations', label: 'Integrations', hint: 'One a line.', list: true },
  { name: 'guardrails', label: 'Guardrails', hint: 'One a line.', list: true },
  {
    name: 'seen_as',
    label: 'Seen as',
    hint: 'How calls show it, one a line: model:claude-opus-*, provider:…, client:…',
    list: true,
    approved: true,
  },
  { name: 'notes', label: 'Notes', long: true },
]

export type Draft = Record<string, string>

export const draftOf = (item: Item): Draft =>
  Object.fromEntries(
    kItemFields.map(({ name }) => {
      const value = item[name]
      return [name, Array.isArray(value) ? value.join('\n') : String(value ?? '')]
    }),
  )

// What the API takes: the whole item, without what is empty and without what Reeve sets itself.
export function requestOf(item: Item, draft: Draft): Record<string, unknown> {
  const body: Record<string, unknown> = { kind: item.kind }
  for (const { name, list } of kItemFields) {
    const text = (draft[name] ?? '').trim()
    if (text === '') continue
    body[name] = list
      ? text
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean)
      : text
  }
  return body
}

export const changedFields = (from: Draft, to: Draft) =>
  kItemFields.filter(({ name }) => (from[name] ?? '').trim() !== (to[name] ?? '').trim())

// Somebody else saved first: what they changed is taken, what was changed here stays. `both` was changed by both.
export function merged(base: Draft, theirs: Draft, mine: Draft): { draft: Draft; both: ItemField[] } {
  const own = changedFields(base, mine)
  const both = changedFields(base, theirs).filter(
    (field) => own.includes(field) && theirs[field.name] !== mine[field.name],
  )
  return { draft: { ...theirs, ...Object.fromEntries(own.map(({ name }) => [name, mine[name] ?? ''])) }, both }
}

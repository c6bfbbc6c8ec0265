// One of a few named things, with its label.

import { Field, styles } from './basics'

export type Option = [value: string, title: string]

// The times that pages look back over, as the API takes them.
export const kDay: Option = ['24h', 'The last day']
export const kWeek: Option = ['7d', 'The last 7 days']
export const kMonth: Option = ['30d', 'The last 30 days']
export const kQuarter: Option = ['90d', 'The last 90 days']
export const kTimes = [kDay, kWeek, kMonth, kQuarter]

export function Choice({
  label,
  value,
  options,
  choose,
  hint,
  disabled = false,
}: {
  label: string
  value: string
  options: Option[]
  choose: (value: string) => void
  hint?: string
  disabled?: boolean
}) {
  return (
    <Field label={label} hint={hint}>
      <select
        className={styles.input}
        value={value}
        disabled={disabled}
        onChange={(event) => choose(event.target.value)}
      >
        {options.map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </Field>
  )
}

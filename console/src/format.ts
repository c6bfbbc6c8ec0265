// How numbers and times are written, the same on every page.

const kNanos = 1e9
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' })
const smallDollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 4,
})
const shortDollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  notation: 'compact',
  maximumFractionDigits: 1,
})
const whole = new Intl.NumberFormat('en-US')
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

// Less than a dollar needs its fractions: a call costs a tenth of a cent.
export function money(nanos: number | undefined): string {
  const amount = (nanos ?? 0) / kNanos
  return Math.abs(amount) < 1 && amount !== 0 ? smallDollars.format(amount) : dollars.format(amount)
}
export const moneyShort = (nanos: number) =>
  Math.abs(nanos) < 1000 * kNanos ? money(nanos) : shortDollars.format(nanos / kNanos)
export const moneyChange = (nanos: number) => `${nanos > 0 ? '+' : ''}${money(nanos)}`
export const count = (value: number | undefined) => whole.format(value ?? 0)
export const countShort = (value: number | undefined) => short.format(value ?? 0)
export const percent = (part: number, of: number) => (of === 0 ? '' : `${Math.round((100 * part) / of)} %`)

export function change(before: number, after: number): string {
  if (before === 0) return after === 0 ? 'no change' : 'new'
  const ratio = after / before
  if (ratio >= 2) return `${ratio.toFixed(1)} times`
  const percents = Math.round(100 * (ratio - 1))
  return `${percents > 0 ? '+' : ''}${percents} %`
}

export function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`
}

// What the server says of what went wrong may be a part of a sentence; alone it stands as one. A name stays as it is.
export function sentence(text: string): string {
  const begun = /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return /[.!?…)]$/.test(begun) || begun === '' ? begun : `${begun}.`
}

// Times are shown in UTC, as the ledger has them: two people who compare notes see the same.
export const time = (text: string | undefined) => (text ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : '')
export const day = (text: string | undefined) => text?.slice(0, 10) ?? ''

export function ago(text: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(text)) / 1000)
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

export function milliseconds(microseconds: number | undefined): string {
  if (microseconds === undefined) return ''
  const ms = microseconds / 1000
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

// A day on the axis of a chart and in its table: the dates between two, both included.
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = []
  for (let at = Date.parse(first); at <= Date.parse(last) && days.length < 800; at += 86_400_000) {
    days.push(new Date(at).toISOString().slice(0, 10))
  }
  return days
}

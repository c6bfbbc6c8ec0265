// Tables as text for spreadsheets.

// A field that a spreadsheet would take for a formula stays text: names come from outside.
function field(value: unknown): string {
  const text = value === undefined || value === null ? '' : String(value)
  const safe = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const toCsv = (head: string[], rows: unknown[][]) =>
  [head, ...rows].map((row) => row.map(field).join(',')).join('\r\n') + '\r\n'

export function download(name: string, text: string, type = 'text/csv') {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

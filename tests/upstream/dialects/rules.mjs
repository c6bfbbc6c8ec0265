// Small checks that the dialects' request rules are written with. A rule that fails throws a Fault, which the dialect
// turns into its vendor's error body.

export class Fault extends Error {
  // Without a type it is the one that the vendor has for the status.
  constructor(message, status = 400, type = undefined) {
    super(message)
    this.status = status
    this.type = type
  }
}

export const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value)

export function need(condition, message, status, type) {
  if (!condition) throw new Fault(message, status, type)
}

export function needString(value, name) {
  need(typeof value === 'string' && value !== '', `${name}: a non-empty string is required`)
}

export function needList(value, name) {
  need(Array.isArray(value) && value.length > 0, `${name}: a non-empty array is required`)
}

export function optional(value, type, name) {
  need(value === undefined || value === null || typeof value === type, `${name}: must be a ${type}`)
}

export function optionalWhole(value, name, least = 0) {
  need(
    value === undefined || value === null || (Number.isInteger(value) && value >= least),
    `${name}: must be a whole number of at least ${least}`,
  )
}

export function knownFields(body, known, complain) {
  for (const name of Object.keys(body)) need(known.has(name), complain(name))
}

// Decimal amounts of dollars as exact integers of nano-dollars. The package holds its amounts as JavaScript numbers;
// their shortest decimal text is what the price list says, so that text is read digit by digit and never multiplied.

const NANO_DIGITS = 9

/** Digits and the power of ten of a finite non-negative number: 0.3 is {digits: 3n, exponent: -1}. */
function decimal(number) {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(String(withoutNoise(number)))
  if (!match) throw new Error(`not a non-negative decimal number: ${number}`)
  const [, whole, fraction = '', exponent = '0'] = match
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length }
}

/**
 * Some amounts in the package are sums that carry the noise of binary fractions: 0.18000000000000002. A number within
 * two units in the last place of one with at most nine decimals means that one.
 */
function withoutNoise(number) {
  const rounded = Number(number.toFixed(NANO_DIGITS))
  return Math.abs(number - rounded) <= 2 * Number.EPSILON * number ? rounded : number
}

/** `number` dollars per `per` units, in nano-dollars per `units` units; nothing when that is not a whole number. */
export function nanosPer(number, per, units) {
  const { digits, exponent } = decimal(number)
  const shift = exponent + NANO_DIGITS
  let numerator = digits * BigInt(units)
  let denominator = BigInt(per)
  if (shift >= 0) numerator *= 10n ** BigInt(shift)
  else denominator *= 10n ** BigInt(-shift)
  return numerator % denominator === 0n ? numerator / denominator : undefined
}

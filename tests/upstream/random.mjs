// A seeded source of numbers: a test that fails can be run again with the same seed.

export class Random {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  // In [0, 1). The generator is mulberry32: 32 bits of state, good enough to choose sizes and cuts.
  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  // A whole number in [low, high].
  between(low, high) {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  chance(probability) {
    return this.fraction() < probability
  }

  pick(list) {
    return list[this.between(0, list.length - 1)]
  }

  // The key of `weights` ({name: weight}) that the draw falls on.
  weighted(weights) {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
    let left = this.fraction() * total
    for (const [name, weight] of Object.entries(weights)) {
      left -= weight
      if (left < 0) return name
    }
    return Object.keys(weights).at(-1)
  }
}

// Cuts `bytes` at random places into pieces of 1 to `longest` bytes.
export function cutAtRandom(bytes, random, longest) {
  const pieces = []
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(bytes.length - at, random.between(1, longest))
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

// Random choices that a seed repeats.

export class Random {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }
  /** 0 up to, not with, `limit`. */
  below(limit) {
    // The mulberry32 generator: good enough spread from 32 bits of state.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) % limit
  }
  chance(percent) {
    return this.below(100) < percent
  }
  pick(items) {
    return items[this.below(items.length)]
  }
}

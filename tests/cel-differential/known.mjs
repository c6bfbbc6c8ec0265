export const KNOWN = []

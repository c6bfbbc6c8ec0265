/// <reference types="vite/client" />
declare module '@verifier/tlog_proof.mjs' {
  export function checkTlogProof(
    bytes: Uint8Array,
    entry: Uint8Array | null,
    keys: unknown[],
    witnesses?: unknown[],
    quorum?: number,
  ): Promise<{ index: number; entry: Uint8Array; checkpoint: { size: number; origin: string } }>
}
declare module '@verifier/note.mjs' {
  export function parseVerifierKey(text: string): unknown
}

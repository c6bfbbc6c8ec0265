// The build: everything from this origin, nothing inline, every file but the document named by its content.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// Where the verifier lies; a build in another folder says so.
const verifier = process.env.REEVE_VERIFIER ?? fileURLToPath(new URL('../verifier', import.meta.url))

export default defineConfig({
  base: '/console/',
  esbuild: { jsx: 'automatic' },
  resolve: { alias: { '@verifier': verifier } },
  css: { modules: { generateScopedName: '[name]_[local]_[hash:base64:4]' } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
    reportCompressedSize: false,
    rollupOptions: {
      external: [/^node:/],
      // Of frameworks that render on servers; there is none here.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
})

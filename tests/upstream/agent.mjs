// Plays the model behind a coding agent: one harmless tool call with whatever shell tool the client offers, then, once
// the tool's result is there, a sentence. Requests that want JSON by a schema get the smallest value that fits.

import { editingScript } from './editing_agent.mjs'

const kShells = [
  ['Bash', (command) => ({ command, description: 'Print a line' })], // Claude Code
  ['exec_command', (command) => ({ cmd: command })], // Codex
  ['run_shell_command', (command) => ({ command, description: 'Print a line' })], // Gemini CLI
  ['bash', (command) => ({ command, description: 'Print a line' })], // OpenCode, Copilot CLI
]

export function smallestValue(schema) {
  if (schema.enum) return schema.enum[0]
  const type = (Array.isArray(schema.type) ? schema.type[0] : (schema.type ?? 'object')).toLowerCase()
  if (type === 'object') {
    const wanted = schema.required ?? Object.keys(schema.properties ?? {})
    return Object.fromEntries(wanted.map((name) => [name, smallestValue(schema.properties[name])]))
  }
  return {
    string: 'upstream',
    integer: schema.minimum ?? 1,
    number: schema.minimum ?? 1,
    boolean: false,
    array: [],
    null: null,
  }[type]
}

// The script's members for this request, given what the dialect read of it and its body.
export function agentScript({ command, edit }, asked, body) {
  if (asked.jsonSchema) return { text: JSON.stringify(smallestValue(asked.jsonSchema)) }
  if (edit) return editingScript(edit, asked, body)
  const shell = kShells.find(([name]) => asked.tools.includes(name))
  if (shell && asked.toolResult === undefined) return { tool: { name: shell[0], input: shell[1](command) } }
  if (asked.toolResult === undefined) return { text: 'A title from the upstream' }
  const quoted = typeof asked.toolResult === 'string' ? asked.toolResult : JSON.stringify(asked.toolResult)
  return { text: `The command has run: ${quoted.slice(0, 300)}` }
}

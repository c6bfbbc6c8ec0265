// Plays the model behind a coding agent that edits a file: reads it with the client's own tool, changes lines of it as
// they arrived here with the client's own editing tool, then says in a sentence what stands there now. Where it has
// come to, it sees in the conversation alone, as a model would; a request that is asked again is answered the same.

function patch(file, was, now) {
  const lines = [...was.map((line) => `-${line}`), ...now.map((line) => `+${line}`)]
  return ['*** Begin Patch', `*** Update File: ${file}`, '@@', ...lines, '*** End Patch'].join('\n')
}
const replace = (file, was, now) => ({ file_path: file, old_string: was.join('\n'), new_string: now.join('\n') })
const cat = (file) => ['exec_command', { cmd: `cat '${file}'` }]

// By the tools that a client offers, the first that fits. `number`: what stands before a line in what its reader gives.
// A tool whose input is a string takes free text instead of JSON.
const kEditors = [
  {
    client: 'Claude Code',
    tools: ['Read', 'Edit'],
    number: /^ *\d+(→|\t)/,
    read: (file) => ['Read', { file_path: file }],
    edit: (file, was, now) => ['Edit', replace(file, was, now)],
  },
  {
    client: 'Codex, for a model that takes patches',
    tools: ['exec_command', 'apply_patch'],
    read: cat,
    edit: (file, was, now) => ['apply_patch', patch(file, was, now) + '\n'],
  },
  {
    client: 'Codex, for a model that it does not know',
    tools: ['exec_command'],
    read: cat,
    edit: (file, was, now) => ['exec_command', { cmd: `apply_patch <<'PATCH'\n${patch(file, was, now)}\nPATCH\n` }],
  },
  {
    client: 'Codex, for a model that writes programs',
    tools: ['exec'],
    read: (file) => ['exec', `const read = await tools.exec_command({cmd: "cat '${file}'"});\ntext(read.output);\n`],
    edit: (file, was, now) => [
      'exec',
      `const patch = String.raw\`${patch(file, was, now)}\n\`;\ntext(await tools.apply_patch(patch));\n`,
    ],
  },
  {
    client: 'Gemini CLI',
    tools: ['read_file', 'replace'],
    read: (file) => ['read_file', { file_path: file }],
    edit: (file, was, now) => ['replace', { ...replace(file, was, now), instruction: 'Change the number' }],
  },
  {
    client: 'OpenCode, for a model that takes patches',
    tools: ['read', 'apply_patch'],
    number: /^ *\d+(\||:) ?/,
    read: (file) => ['read', { filePath: file }],
    edit: (file, was, now) => ['apply_patch', { patchText: patch(file, was, now) }],
  },
  {
    client: 'OpenCode',
    tools: ['read', 'edit'],
    number: /^ *\d+(\||:) ?/,
    read: (file) => ['read', { filePath: file }],
    edit: (file, was, now) => ['edit', { filePath: file, oldString: was.join('\n'), newString: now.join('\n') }],
  },
  {
    client: 'Copilot CLI, for a model that takes patches',
    tools: ['view', 'apply_patch'],
    number: /^ *\d+\. /,
    read: (file) => ['view', { path: file }],
    edit: (file, was, now) => ['apply_patch', patch(file, was, now) + '\n'],
  },
  {
    client: 'Copilot CLI',
    tools: ['view', 'edit'],
    number: /^ *\d+\. /,
    read: (file) => ['view', { path: file }],
    edit: (file, was, now) => ['edit', { path: file, old_str: was.join('\n'), new_str: now.join('\n') }],
  },
]

function textOf(result) {
  if (typeof result === 'string') return result
  if (Array.isArray(result)) return result.map((part) => part.text ?? '').join('\n')
  return result?.output ?? JSON.stringify(result)
}

// The lines from the one that holds `first` to the one that holds `last`, without what the reader wrote before them.
function linesBetween(text, number, first, last) {
  const lines = text.split('\n').map((line) => (number ? line.replace(number, '') : line))
  const from = lines.findIndex((line) => line.includes(first))
  const to = lines.findIndex((line, i) => i >= from && line.includes(last))
  return from < 0 || to < 0 ? null : lines.slice(from, to + 1)
}

// `edit`: {file, first, last, changes: [[pattern, replacement]]}. The conversation names the file with its whole path;
// the lines from the one with `first` to the one with `last` are changed.
export function editingScript(edit, asked, body) {
  const editor = kEditors.find(({ tools }) => tools.every((name) => asked.tools.includes(name)))
  if (!editor) return { text: 'A title from the upstream' }
  const file = body.match(new RegExp(`/[A-Za-z0-9_./-]*/${edit.file.replaceAll('.', '\\.')}`))?.[0]
  const tool = ([name, input]) => ({ tool: { name, input }, pieces: 40 })
  const [read, edited] = asked.toolResults.map(textOf)
  if (read === undefined) return tool(editor.read(file))
  const was = linesBetween(read, editor.number, edit.first, edit.last)
  if (!was) return { text: `The file does not hold what it should: ${read.slice(0, 2000)}` }
  const changed = edit.changes.reduce((text, [from, to]) => text.replace(new RegExp(from), to), was.join('\n'))
  if (edited === undefined) {
    const call = tool(editor.edit(file, was, changed.split('\n')))
    return { text: `I have read\n${was.join('\n')}\nand change it.`, ...call }
  }
  return { text: `The tool says: ${edited.slice(0, 300)}\nThe file now holds:\n${changed}\n`, pieces: 40 }
}

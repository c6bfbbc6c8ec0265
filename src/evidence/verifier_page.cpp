// The page that checks a pack in a browser: the verifier's own modules, carried along, and a place to drop the pack on.

#include "core/bytes.h"
#include "core/json.h"
#include "evidence/evidence.h"

namespace reeve::evidence {

namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Check an evidence pack</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --line: light-dark(#c8ccd2, #444b55); --soft: light-dark(#5f6873, #9aa3ad);
 --page: light-dark(#fff, #14171b); --text: light-dark(#16191d, #e6e9ed) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: var(--text);
 background: var(--page) }
ol { padding-left: 1.4rem } li { margin: 1rem 0 } label, .soft { display: block } .soft { color: var(--soft);
font-size: .9em }
#drop { border: 2px dashed var(--line); border-radius: 8px; padding: 1.5rem; text-align: center; margin-top: .5rem }
#drop.over { border-color: light-dark(#2f6fd0, #7fb0ff) }
input[type=text] { width: 100%; font: .9em ui-monospace, monospace; padding: .4rem; box-sizing: border-box }
#answer { white-space: pre-wrap; font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; border-radius: 8px;
 border: 1px solid var(--line); border-left: 6px solid var(--line); padding: .8rem 1rem }
#answer::first-line { font-weight: bold; font-size: 1.2em }
#answer.good { border-color: light-dark(#11682f, #6fd08c) } #answer.bad { border-color: light-dark(#a11a1a, #ff8f8f) }
.good::first-line { color: light-dark(#11682f, #6fd08c) } .bad::first-line { color: light-dark(#a11a1a, #ff8f8f) }
</style></head><body>
<h1>Check an evidence pack</h1>
<p>This page checks that the entries of the pack are in the log that was signed, that no file of it was
changed, and, where
the pack holds every entry of its period, that each figure of the report is right. Nothing leaves your machine.</p>
<ol><li><label for="key">Paste the log's verifier key.</label><span class="soft">Ask whoever answers for the
log for it, by
another way than the one on which the pack came. There, <code>reeve ledger key</code> prints it. Without it the
key in the
pack is taken, which proves only that the files fit together.</span>
<input type="text" id="key" placeholder="log.example.com/name+1f2e3d4c+Ab…" autocomplete="off" spellcheck="false"></li>
<li>Give the pack.<div id="drop"><p>Drop the pack's folder here, or choose it:</p>
<p><input type="file" id="files" webkitdirectory multiple aria-label="The pack's folder"></p></div></li></ol>
<h2>Answer</h2><div id="answer" role="status">Nothing was checked yet.</div>
<p class="soft">Whoever changed the pack could have changed this page, too. A copy of the verifier that you got
by another
way says more: <code>node verifier/verify.mjs FOLDER --key KEY</code>.</p>
<script type="application/json" id="modules">)";

constexpr std::string_view kTail = R"(</script>
<script type="module">
const sources = JSON.parse(document.getElementById('modules').textContent)
const addresses = {}
// Modules name each other; each is made after those that it names.
function addressOf(name) {
  addresses[name] ??= URL.createObjectURL(new Blob([sources[name].replace(/from '\.\/([a-z0-9_]+\.mjs)'/g,
    (_, other) => `from '${addressOf(other)}'`)], { type: 'text/javascript' }))
  return addresses[name]
}
const { check, memorySource } = await import(addressOf('index.mjs'))
const answer = document.getElementById('answer')

async function filesOf(entry, path, found) {
  if (entry.isFile) found.set(path, await new Promise((resolve, reject) => entry.file(resolve, reject)))
  else {
    const reader = entry.createReader()
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
      if (some.length === 0) break
      for (const one of some) await filesOf(one, path ? `${path}/${one.name}` : one.name, found)
    }
  }
}

let last = null
async function judge(found) {
  last = found
  answer.className = ''
  answer.textContent = 'Checking…'
  try {
    const contents = {}
    for (const [name, file] of found) contents[name] = new Uint8Array(await file.arrayBuffer())
    const key = document.getElementById('key').value.trim() || undefined
    const report = await check(memorySource('the pack', contents), { key })
    const lines = report.problems.map((problem) => `WRONG: ${problem}`)
    if (report.log) lines.push(`${report.size} entries of ${report.log} are signed, root ${report.root}`)
    if (report.entries) lines.push(`${report.entries} entries were looked at`)
    if (report.figures) lines.push(`${report.figures} figures of the report were counted again`)
    if (!report.key_given) lines.push('No key was given; the one in the pack is only as good as the pack.')
    lines.push('', report.ok
      ? 'These entries are what the holder of the key signed. Whether they are true no key says.'
      : 'Do not rely on this pack. Ask for it again, and tell who made it what is wrong.')
    answer.textContent = [report.ok ? 'SOUND' : 'NOT SOUND', ...lines].join('\n')
    answer.className = report.ok ? 'good' : 'bad'
  } catch (error) {
    answer.textContent = `NOT CHECKED: ${error.message}`
    answer.className = 'bad'
  }
}

const drop = document.getElementById('drop')
drop.addEventListener('dragover', (event) => {
  event.preventDefault()
  drop.className = 'over'
})
drop.addEventListener('dragleave', () => (drop.className = ''))
// Beside the field a browser would leave this page for what is dropped.
for (const name of ['dragover', 'drop']) addEventListener(name, (event) => event.preventDefault())
drop.addEventListener('drop', async (event) => {
  event.preventDefault()
  drop.className = ''
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean)
  const found = new Map()
  const alone = entries.length === 1 && entries[0].isDirectory
  for (const entry of entries) await filesOf(entry, alone ? '' : entry.name, found)
  await judge(found)
})
document.getElementById('files').addEventListener('change', (event) => {
  const found = new Map()
  for (const file of event.target.files) found.set(file.webkitRelativePath.replace(/^[^/]*\//, '') || file.name, file)
  judge(found)
})
document.getElementById('key').addEventListener('change', () => last && judge(last))
window.checkPack = judge
</script></body></html>
)";

}  // namespace

std::string verifier_page(const Modules& modules) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, source] : modules) json.member(name, source);
  json.end_object();
  // Inside a script element no source may end it.
  std::string text;
  for (const char c : json.text()) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return std::string(kHead) + text + std::string(kTail);
}

}  // namespace reeve::evidence

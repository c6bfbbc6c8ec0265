// A strict reader of the Common Event Format, version 0, written from its specification: a header of fields between
// bars, in which bars and backslashes are escaped; then KEY=VALUE pairs, in whose values equals signs and backslashes
// are escaped and line ends are \n. What it does not know is an error.

// The keys of the dictionary that Reeve uses, with their longest value; 0 for numbers.
const kKeys = {
  rt: 0, externalId: 40, deviceExternalId: 255, dvchost: 100, cat: 1023, suser: 1023, suid: 1023, spriv: 1023, app: 31,
  sourceServiceName: 1023, destinationServiceName: 1023, act: 63, outcome: 63, reason: 1023, in: 0, out: 0,
  cs1: 4000, cs2: 4000, cs3: 4000, cs4: 4000, cs5: 4000, cs6: 4000, cn1: 0, cn2: 0, cn3: 0,
}
for (let i = 1; i <= 6; i++) kKeys[`cs${i}Label`] = 1023
for (let i = 1; i <= 3; i++) kKeys[`cn${i}Label`] = 1023

function fail(why, line) {
  throw new Error(`${why}: ${line.slice(0, 200)}`)
}

function readHeader(line) {
  const fields = ['']
  let at = 'CEF:'.length
  for (; at < line.length && fields.length < 8; at++) {
    const c = line[at]
    if (c === '\\') {
      const next = line[++at]
      if (next !== '\\' && next !== '|') fail('a backslash in the header escapes nothing', line)
      fields[fields.length - 1] += next
    } else if (c === '|') {
      fields.push('')
    } else {
      fields[fields.length - 1] += c
    }
  }
  if (fields.length !== 8) fail('the header is too short', line)
  return { fields: fields.slice(0, 7), rest: line.slice(at) }
}

function readValue(text, line) {
  let value = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '=') fail('an equals sign is not escaped', line)
    if (text[i] !== '\\') {
      value += text[i]
      continue
    }
    const next = text[++i]
    const plain = { n: '\n', r: '\r', '\\': '\\', '=': '=' }[next]
    if (plain === undefined) fail('a backslash escapes nothing', line)
    value += plain
  }
  return value
}

function readExtension(text, line) {
  const extension = {}
  const starts = [...text.matchAll(/(?:^| )([A-Za-z0-9_]+)=/g)].filter((match) => text[match.index - 1] !== '\\')
  if (text !== '' && starts[0]?.index !== 0) fail('the extension does not begin with a key', line)
  starts.forEach((match, i) => {
    const key = match[1]
    const value = readValue(text.slice(match.index + match[0].length, starts[i + 1]?.index), line)
    if (!(key in kKeys)) fail(`unknown key ${key}`, line)
    if (key in extension) fail(`${key} is there twice`, line)
    if (value === '') fail(`${key} is empty`, line)
    if (kKeys[key] === 0 && !/^-?\d+$/.test(value)) fail(`${key} is no number`, line)
    if (kKeys[key] > 0 && value.length > kKeys[key]) fail(`${key} is too long`, line)
    extension[key] = value
  })
  for (const key of Object.keys(extension)) {
    if (key.endsWith('Label') && !(key.slice(0, -5) in extension)) fail(`${key} labels nothing`, line)
    if (/^c[sn]\d$/.test(key) && !(`${key}Label` in extension)) fail(`${key} has no label`, line)
  }
  return extension
}

export function readCef(line) {
  if (!line.startsWith('CEF:')) fail('no CEF', line)
  if (/[\n\r]/.test(line)) fail('more than one line', line)
  const { fields, rest } = readHeader(line)
  const [version, vendor, product, productVersion, signature, name, severity] = fields
  if (version !== '0') fail('not version 0', line)
  for (const field of fields) if (field === '') fail('an empty field in the header', line)
  if (!/^(\d|10)$/.test(severity)) fail('a severity is 0 to 10', line)
  return { vendor, product, productVersion, signature, name, severity: Number(severity), ...readExtension(rest, line) }
}

// What NIST's schema of OSCAL 1.1 says of assessment results, of the parts that Reeve writes: members, which are
// required, forms of values, and that lists are not empty; anything else is an error. Written from the published model,
// because nobody publishes the schema as a package. Besides, what the schema cannot say: ids are unique, references
// within the document lead somewhere, times are in order.

const kUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const kDateTime =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d{2}:\d{2})$/

const text = (pattern) => ({ type: 'text', pattern })
const object = (members, required) => ({ type: 'object', members, required })
const list = (of) => ({ type: 'list', of })

const uuid = text(kUuid)
const token = text(/^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$/u)
const string = text(/^\S(.*\S)?$/)
const line = text(/^[^\n]+$/)
const prose = text(/\S/)
const uri = text(/^[a-zA-Z][a-zA-Z0-9+\-.]+:.+$/)
const reference = text(/^\S+$/)
const time = { ...text(kDateTime), check: (value) => !Number.isNaN(Date.parse(value)) }

const kMethods = ['EXAMINE', 'INTERVIEW', 'TEST', 'UNKNOWN']
const kOscalVersions = ['1.1.0', '1.1.1', '1.1.2', '1.1.3']

const property = object(
  { name: token, uuid, ns: uri, value: string, class: token, group: token, remarks: prose },
  ['name', 'value'],
)
const link = object({ href: reference, rel: token, 'media-type': string, text: line }, ['href'])
const metadata = object(
  {
    title: line, published: time, 'last-modified': time, version: string,
    'oscal-version': text(new RegExp(`^(${kOscalVersions.join('|').replaceAll('.', '\\.')})$`)),
    props: list(property), links: list(link), remarks: prose,
  },
  ['title', 'last-modified', 'version', 'oscal-version'],
)
const selection = object(
  {
    description: prose, props: list(property), links: list(link), 'include-all': object({}, []),
    'include-controls': list(object({ 'control-id': token, 'statement-ids': list(token) }, ['control-id'])),
    'exclude-controls': list(object({ 'control-id': token, 'statement-ids': list(token) }, ['control-id'])),
    remarks: prose,
  },
  [],
)
const evidence = object(
  { href: reference, description: prose, props: list(property), links: list(link), remarks: prose },
  ['description'],
)
const observation = object(
  {
    uuid, title: line, description: prose, props: list(property), links: list(link),
    methods: list(text(new RegExp(`^(${kMethods.join('|')})$`))), types: list(token),
    'relevant-evidence': list(evidence), collected: time, expires: time, remarks: prose,
  },
  ['uuid', 'description', 'methods', 'collected'],
)
const result = object(
  {
    uuid, title: line, description: prose, start: time, end: time, props: list(property), links: list(link),
    'reviewed-controls': object(
      { description: prose, props: list(property), 'control-selections': list(selection), remarks: prose },
      ['control-selections'],
    ),
    observations: list(observation), remarks: prose,
  },
  ['uuid', 'title', 'description', 'start', 'reviewed-controls'],
)
const resource = object(
  { uuid, title: line, description: prose, props: list(property), rlinks: list(link), remarks: prose },
  ['uuid'],
)
const kAssessmentResults = object(
  {
    'assessment-results': object(
      {
        uuid, metadata, 'import-ap': object({ href: reference, remarks: prose }, ['href']), results: list(result),
        'back-matter': object({ resources: list(resource) }, []),
      },
      ['uuid', 'metadata', 'import-ap', 'results'],
    ),
  },
  ['assessment-results'],
)

function formProblems(value, form, at) {
  if (form.type === 'text') {
    const fits = typeof value === 'string' && form.pattern.test(value) && (form.check?.(value) ?? true)
    return fits ? [] : [`${at} is ${JSON.stringify(value)}`]
  }
  if (form.type === 'list') {
    if (!Array.isArray(value) || value.length === 0) return [`${at} is no list, or an empty one`]
    return value.flatMap((item, i) => formProblems(item, form.of, `${at}[${i}]`))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`]
  const missing = form.required.filter((name) => !(name in value)).map((name) => `${at} has no ${name}`)
  const wrong = Object.entries(value).flatMap(([name, member]) =>
    name in form.members ? formProblems(member, form.members[name], `${at}.${name}`) : [`${at} has an unknown ${name}`],
  )
  return [...missing, ...wrong]
}

function* objectsIn(value) {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value
  for (const inner of Object.values(value)) yield* objectsIn(inner)
}

function relationProblems(document) {
  const problems = []
  const objects = [...objectsIn(document)]
  const ids = objects.map((one) => one.uuid).filter(Boolean)
  if (new Set(ids).size !== ids.length) problems.push('an id stands twice')
  for (const { href } of objects) {
    if (href?.startsWith('#') && !ids.includes(href.slice(1))) problems.push(`${href} leads nowhere`)
  }
  for (const { start, end, observations } of document['assessment-results'].results) {
    if (end && Date.parse(end) < Date.parse(start)) problems.push('a result ends before it starts')
    for (const { props, uuid: id } of observations ?? []) {
      const names = (props ?? []).map(({ name, ns }) => `${ns} ${name}`)
      if (new Set(names).size !== names.length) problems.push(`a property of ${id} stands twice`)
    }
  }
  return problems
}

// What is wrong, one sentence each.
export function oscalProblems(document) {
  const problems = formProblems(document, kAssessmentResults, 'document')
  return problems.length > 0 ? problems : relationProblems(document)
}

// What the published schema OCSF 1.9.0 says of an event of class API Activity (6003) with the profiles ai_operation and
// security_control: which attributes there are, of which type, which are required, of which one at least must be there,
// and the values of enumerations. Facts only, of the parts that Reeve writes; anything else is an error.

const string = { type: 'string' }
const integer = { type: 'integer' }
const strings = { type: 'list', of: string }
const oneOf = (...values) => ({ type: 'integer', values })
const object = (attributes, { required = [], anyOf = [] } = {}) => ({ type: 'object', attributes, required, anyOf })
const list = (of) => ({ type: 'list', of })

const user = object(
  {
    uid: string,
    name: string,
    type_id: oneOf(0, 1, 2, 3, 4, 99),
    credential_uid: string,
    groups: list(object({ name: string, uid: string }, { anyOf: ['name', 'uid'] })),
    org: object({ name: string, ou_name: string, uid: string }),
  },
  { anyOf: ['account', 'name', 'uid'] },
)
const endpoint = object(
  { svc_name: string, name: string, hostname: string, ip: string, port: integer, uid: string },
  { anyOf: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name'] },
)
const service = object({ name: string, uid: string, version: string, labels: strings })

export const kApiActivity = object(
  {
    activity_id: oneOf(0, 1, 2, 3, 4, 99),
    activity_name: string,
    category_uid: oneOf(6),
    category_name: string,
    class_uid: oneOf(6003),
    class_name: string,
    type_uid: oneOf(600300, 600301, 600302, 600303, 600304, 600399),
    time: integer,
    duration: integer,
    message: string,
    severity_id: oneOf(0, 1, 2, 3, 4, 5, 6, 99),
    severity: string,
    status_id: oneOf(0, 1, 2, 99),
    status: string,
    status_code: string,
    status_detail: string,
    action_id: oneOf(0, 1, 2, 3, 4, 99),
    action: string,
    disposition_id: oneOf(...Array.from({ length: 28 }, (_, i) => i), 99),
    disposition: string,
    policy: object({ name: string, uid: string, version: string, desc: string }, { anyOf: ['name', 'uid'] }),
    metadata: object(
      {
        uid: string,
        sequence: integer,
        correlation_uid: string,
        version: string,
        event_code: string,
        log_name: string,
        log_provider: string,
        original_time: string,
        product: object(
          { name: string, vendor_name: string, version: string, uid: string },
          { anyOf: ['name', 'uid'] },
        ),
        profiles: strings,
      },
      { required: ['product', 'version'] },
    ),
    raw_data_hash: object(
      { algorithm_id: oneOf(0, 1, 2, 3, 4, 5, 6, 7, 99), algorithm: string, value: string },
      { required: ['algorithm_id', 'value'] },
    ),
    actor: object(
      { app_name: string, app_uid: string, user, session: object({ uid: string }) },
      { anyOf: ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'] },
    ),
    api: object(
      {
        operation: string,
        service,
        request: object({ uid: string, flags: strings }, { required: ['uid'] }),
        response: object({ code: integer, message: string, error: string, error_message: string, flags: strings }),
        version: string,
      },
      { required: ['operation'] },
    ),
    src_endpoint: endpoint,
    dst_endpoint: endpoint,
    ai_model: object(
      { name: string, uid: string, model_name: string, ai_provider: string, version: string },
      { required: ['model_name', 'ai_provider'] },
    ),
    ai_agent: object(
      { uid: string, name: string, instance_uid: string, type_id: oneOf(0, 1, 2, 3, 4, 99) },
      { required: ['uid'] },
    ),
    message_context: object(
      {
        uid: string,
        name: string,
        ai_role_id: oneOf(0, 1, 2, 3, 4, 5, 6, 99),
        service,
        prompt_tokens: integer,
        completion_tokens: integer,
        total_tokens: integer,
      },
      { anyOf: ['application', 'service'] },
    ),
    unmapped: { type: 'any' },
  },
  {
    required: [
      'activity_id', 'category_uid', 'class_uid', 'type_uid', 'time', 'severity_id', 'metadata', 'actor', 'api',
      'src_endpoint',
    ],
  },
)

const kTypes = {
  string: (value) => typeof value === 'string' && value !== '',
  integer: (value) => Number.isSafeInteger(value),
  list: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  any: () => true,
}

// What is wrong, one sentence each.
export function problemsOf(value, form = kApiActivity, at = 'event') {
  if (!kTypes[form.type](value)) return [`${at} is no ${form.type}: ${JSON.stringify(value)}`]
  if (form.values && !form.values.includes(value)) return [`${at} is ${value}`]
  if (form.type === 'list') return value.flatMap((item, i) => problemsOf(item, form.of, `${at}[${i}]`))
  if (form.type !== 'object') return []
  const problems = form.required.filter((name) => !(name in value)).map((name) => `${at} has no ${name}`)
  if (form.anyOf.length > 0 && !form.anyOf.some((name) => name in value)) {
    problems.push(`${at} has none of ${form.anyOf.join(', ')}`)
  }
  for (const [name, member] of Object.entries(value)) {
    if (!(name in form.attributes)) problems.push(`${at} has an unknown ${name}`)
    else problems.push(...problemsOf(member, form.attributes[name], `${at}.${name}`))
  }
  return problems
}

// What the schema calls the values of its enumerations. Text beside an id is that caption; 99 may have its own.
const kCaptions = {
  activity: ['Unknown', 'Create', 'Read', 'Update', 'Delete'],
  severity: ['Unknown', 'Informational', 'Low', 'Medium', 'High', 'Critical', 'Fatal'],
  status: ['Unknown', 'Success', 'Failure'],
  action: ['Unknown', 'Allowed', 'Denied', 'Observed', 'Modified'],
  disposition: [
    'Unknown', 'Allowed', 'Blocked', 'Quarantined', 'Isolated', 'Deleted', 'Dropped', 'Custom Action', 'Approved',
    'Restored', 'Exonerated', 'Corrected', 'Partially Corrected', 'Uncorrected', 'Delayed', 'Detected', 'No Action',
    'Logged', 'Tagged', 'Alert', 'Count', 'Reset', 'Captcha', 'Challenge', 'Access Revoked', 'Rejected', 'Unauthorized',
    'Error',
  ],
}
// Which dispositions the schema has in mind for an action. "Custom Action" may go with any.
const kConforming = {
  1: ['Allowed', 'Approved', 'Delayed', 'No Action', 'Count'],
  2: ['Blocked', 'Quarantined', 'Isolated', 'Dropped', 'Access Revoked', 'Rejected', 'Unauthorized'],
  3: ['Logged', 'Alert', 'Detected', 'Count'],
  4: ['Restored', 'Corrected', 'Partially Corrected', 'Delayed', 'Captcha', 'Tagged'],
}

function captionProblems(event) {
  return Object.entries(kCaptions).flatMap(([name, captions]) => {
    const [id, caption] = [event[`${name}_id`], event[name] ?? event[`${name}_name`]]
    if (id === undefined || caption === undefined || id === 99) return []
    return captions[id] === caption ? [] : [`${name} ${id} is '${captions[id]}', not '${caption}'`]
  })
}

// What holds between attributes.
export function contradictionsOf(event) {
  const problems = captionProblems(event)
  if (event.type_uid !== event.class_uid * 100 + event.activity_id) problems.push('type_uid is not class and activity')
  if (event.activity_id === 99 && !event.activity_name) problems.push('an other activity has no name')
  if (event.status_id === 99 && !event.status) problems.push('an other status has no name')
  if ((event.disposition_id === 2) !== (event.action_id === 2)) problems.push('blocked and denied go together')
  const conforming = kConforming[event.action_id]
  if (event.disposition && conforming && ![...conforming, 'Custom Action'].includes(event.disposition)) {
    problems.push(`the disposition ${event.disposition} does not go with the action ${event.action}`)
  }
  return problems
}

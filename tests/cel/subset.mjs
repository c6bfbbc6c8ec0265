// What of the specification's tests this engine is held to. A test is left out for one of these reasons only, each read
// off the test itself; everything else has to pass.

/// Suites that are about protobuf messages or optional values as a whole.
export const LEFT_OUT_SUITES = new Set([
  'block_ext', 'dynamic', 'enums', 'optionals', 'proto2', 'proto2_ext', 'proto3', 'wrappers',
]);

const MESSAGES =
  /\b(Nested)?TestAllTypes\b|\bgoogle\.protobuf\.(?!Timestamp\b|Duration\b)\w+|\b(?!in\b)[A-Za-z_]\w*\s*\{/;
const OPTIONALS = /\boptional\.|\boptional_type\b|\.\?|\[\s*\?|[{,]\s*\?/;
const TIMES = new Set(['google.protobuf.Timestamp', 'google.protobuf.Duration']);
const TIME_OBJECTS = new Set([...TIMES].map((name) => `type.googleapis.com/${name}`));

/// Texts in quotes and comments name nothing.
const bare = (expression) =>
  expression.replace(/\/\/[^\n]*/g, '').replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""');

function typeNeedsMore(type) {
  if (!type) return null;
  if ('messageType' in type) return TIMES.has(type.messageType) ? null : 'a protobuf message';
  if ('wrapper' in type) return 'a wrapper type';
  if ('wellKnown' in type) return type.wellKnown === 'ANY' ? 'a protobuf message' : null;
  if ('abstractType' in type) {
    return type.abstractType.name === 'optional_type' ? 'optional values' : 'a type of its own';
  }
  if (type.listType) return typeNeedsMore(type.listType.elemType);
  if (type.mapType) return typeNeedsMore(type.mapType.keyType) ?? typeNeedsMore(type.mapType.valueType);
  return null;
}

function valueNeedsMore(value) {
  if (!value || typeof value !== 'object') return null;
  if (value.objectValue && !TIME_OBJECTS.has(value.objectValue['@type'])) return 'a protobuf message';
  if (value.enumValue) return 'a protobuf message';
  if (value.listValue) return first(value.listValue.values ?? [], valueNeedsMore);
  if (value.mapValue) {
    return first(value.mapValue.entries ?? [], (entry) => valueNeedsMore(entry.key) ?? valueNeedsMore(entry.value));
  }
  return null;
}

function first(items, reason) {
  for (const item of items) {
    const found = reason(item);
    if (found) return found;
  }
  return null;
}

/// What the test declares and its expression names.
export function declared(test) {
  const expression = bare(test.expr);
  const isNamed = (name) => new RegExp(`\\b${name.split('.').pop()}\\b`).test(expression);
  return (test.typeEnv ?? []).filter((declaration) => isNamed(declaration.name));
}

/// Why a test is left out, or null.
export function leftOut(test) {
  const expression = bare(test.expr);
  if (MESSAGES.test(expression)) return 'a protobuf message';
  if (OPTIONALS.test(expression)) return 'optional values';
  return first(declared(test), ({ function: own, ident }) =>
    own ? 'a function of its own' : typeNeedsMore(ident.type))
    ?? first(Object.values(test.bindings ?? {}), (bound) => valueNeedsMore(bound.value))
    ?? valueNeedsMore(test.value) ?? valueNeedsMore(test.typedResult?.result)
    ?? typeNeedsMore(test.typedResult?.deducedType);
}

const PRIMITIVES = {
  BOOL: 'bool', INT64: 'int', UINT64: 'uint', DOUBLE: 'double', STRING: 'string', BYTES: 'bytes',
};

/// A declared or deduced type as the engine writes it.
export function typeText(type) {
  if (type.primitive) return PRIMITIVES[type.primitive];
  if ('null' in type) return 'null_type';
  if (type.wellKnown) return type.wellKnown.toLowerCase();
  if (type.messageType) return type.messageType.split('.').pop().toLowerCase();
  if (type.listType) return `list(${typeText(type.listType.elemType)})`;
  if (type.mapType) return `map(${typeText(type.mapType.keyType)}, ${typeText(type.mapType.valueType)})`;
  return 'dyn';
}

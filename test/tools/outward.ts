// Schemas that have helm read a file, or ask a host, for each way in which helm 3 or helm 4 was seen to do so.

/** By what they try; each refers to `url`, a file: with three slashes. */
export const OUTWARD = (url: string): Readonly<Record<string, string>> => ({
  'a reference': `{"properties": {"a": {"$ref": "${url}"}}}`,
  'a reference to a part': `{"properties": {"a": {"$ref": "${url}#/enum"}}}`,
  'a reference to a host': '{"properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}}',
  'a reference to a device (CVE-2025-55199)': '{"$ref": "file:///dev/zero"}',
  'a relative reference': `{"properties": {"a": {"$ref": "${url.slice('file://'.length)}"}}}`,
  'a dynamic reference': `{"properties": {"a": {"$dynamicRef": "${url}"}}}`,
  'a recursive reference': `{"$schema": "https://json-schema.org/draft/2019-09/schema", "properties": {"a": {"$recursiveRef": "${url}"}}}`,
  'a key that is escaped': `{"properties": {"a": {"\\u0024r\\u0065f": "${url}"}}}`,
  'an address that is escaped': `{"properties": {"a": {"$ref": "\\u0066ile${url.slice('file'.length)}"}}}`,
  'the last of two keys': `{"properties": {"a": {"$ref": "#/d", "$ref": "${url}"}}}`,
  'a reference in a list': `{"allOf": [{"anyOf": [true, {"$ref": "${url}"}]}]}`,
  'a reference in what is no schema yet': `{"properties": {"a": {"$ref": "#/default/x"}}, "default": {"x": {"$ref": "${url}"}}}`,
  'a draft that is a file': `{"$schema": "${url}"}`,
  'a draft within': `{"properties": {"a": {"$schema": "${url}"}}}`,
  'a draft that nobody carries': '{"$schema": "http://json-schema.org/draft-03/schema#"}',
  'a name with a fragment': `{"$id": "${url}#x", "properties": {"a": {"$ref": "#/enum"}}}`,
  'a name with a question mark': `{"$id": "${url}?", "properties": {"a": {"$ref": "#/enum"}}}`,
  'a name with one slash': `{"$id": "${url.replace('///', '/')}", "properties": {"a": {"$ref": "#/enum"}}}`,
  'the name of draft 4': `{"$schema": "http://json-schema.org/draft-04/schema#", "id": "${url}#x", "properties": {"a": {"$ref": "#/enum"}}}`,
  'a name within': `{"properties": {"a": {"$id": "${url}", "$ref": "#"}}}`,
  'a name within, of a host': '{"properties": {"a": {"$id": "http://127.0.0.1:9/x", "$ref": "#"}}}',
  'a name within, without a scheme': `{"$id": "http://example.com/a", "properties": {"a": {"$id": "b?", "not": {"$ref": "#/d"}}}}`,
  'a name on another host': '{"properties": {"a": {"$id": "//127.0.0.1/x", "$ref": "#"}}}',
})

// GitHub's description of its API, cut down to what is about issues and who we are, so that it is served within seconds.
// usage: cut.js DESCRIPTION PREFIX FOLDER: writes FOLDER/description.json, whose paths begin with PREFIX, and
// FOLDER/operations.json, which says of each operation what it may be asked with, and what it answers.
'use strict';
const fs = require('fs');
const path = require('path');

const wanted = /^\/(repos\/\{owner\}\/\{repo\}(\/((issues|labels)(\/.*)?|installation))?|user|app(\/installations\/.*)?)$/;

const [source, prefix, folder] = process.argv.slice(2);
const described = JSON.parse(fs.readFileSync(source, 'utf8'));

const at = (reference) => reference.split('/').slice(1).reduce((value, key) => value[key], described);
const whole = (value) => (value.$ref ? whole(at(value.$ref)) : value);

// All that these paths refer to, directly or not.
function references(value, found = new Set()) {
  if (value === null || typeof value !== 'object') return found;
  if (typeof value.$ref === 'string' && !found.has(value.$ref)) {
    found.add(value.$ref);
    references(at(value.$ref), found);
  }
  for (const part of Object.values(value)) references(part, found);
  return found;
}

// Names of an object's properties, whichever of its forms it takes.
function properties(schema) {
  const { properties: own = {}, oneOf = [], anyOf = [], allOf = [] } = whole(schema);
  return Object.keys(own).concat([...oneOf, ...anyOf, ...allOf].flatMap(properties));
}

const json = (content = {}) => content['application/json'] || {};

function operation(route, method, item) {
  const described_operation = item[method];
  const parameters = [...(item.parameters || []), ...(described_operation.parameters || [])].map(whole);
  const body = described_operation.requestBody && json(whole(described_operation.requestBody).content).schema;
  return {
    method: method.toUpperCase(),
    path: route,
    query: parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name),
    body: body ? properties(body) : [],
    answers: Object.entries(described_operation.responses).map(([status, answer]) => ({
      status: Number(status),
      examples: Object.keys(json(whole(answer).content).examples || {}),
    })),
  };
}

const is_object = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const map_values = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

// What is wrong with the description itself, so that prism could not do with it what it is for.
function mended(value) {
  if (Array.isArray(value)) return value.map(mended);
  if (!is_object(value)) return value;
  // An example that refers to another as its value would be one about an example: it is that other.
  if (typeof value.summary === 'string' && value.value && value.value.$ref) return value.value;
  const out = map_values(value, mended);
  // Examples of repositories lack what their schema requires.
  if (out.full_name && out.forks_count !== undefined && out.language === undefined) out.language = null;
  return out;
}

// "nullable" without a type is nothing that prism's validator takes: it would let any body pass, without a word.
function checkable(schema) {
  if (Array.isArray(schema)) return schema.map(checkable);
  if (!is_object(schema)) return schema;
  const { nullable, ...rest } = map_values(schema, checkable);
  if (typeof nullable !== 'boolean') return nullable === undefined ? rest : { ...rest, nullable };
  if (rest.type) return { ...rest, nullable };
  return { anyOf: [rest, ...(nullable ? [{ type: 'string', nullable, maxLength: 0 }] : [])] };
}

const kept = Object.entries(described.paths)
  .filter(([route]) => wanted.test(route))
  .map(([route, item]) => [route, checkable(mended(item))]);
const operations = kept.flatMap(([route, item]) =>
  ['get', 'post', 'put', 'patch', 'delete'].filter((method) => item[method]).map((method) => operation(route, method, item)));

const needed = references(kept);
const components = Object.fromEntries(Object.entries(described.components).map(([kind, all]) =>
  [kind, checkable(mended(Object.fromEntries(Object.entries(all).filter(([name]) => needed.has(`#/components/${kind}/${name}`)))))]));
const cut = { openapi: described.openapi, info: described.info, components };
cut.paths = Object.fromEntries(kept.map(([route, item]) => [prefix + route, item]));

fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(path.join(folder, 'description.json'), JSON.stringify(cut));
fs.writeFileSync(path.join(folder, 'operations.json'), JSON.stringify(operations));

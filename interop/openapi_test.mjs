// openapi_test.mjs PROGRAM DESCRIPTOR_SET...: what the program prints of each set, and
// of the movie service, is valid OpenAPI: by @apidevtools/swagger-parser, which checks
// a document against the specification's JSON schema, resolves its references, and
// checks some rules that no schema can say.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {test} from 'node:test';
import {require} from '../tools/npm/npm.mjs';

const SwaggerParser = require('@apidevtools/swagger-parser');
const [program, ...sets] = process.argv.slice(2);

const print = (...args) => JSON.parse(execFileSync(program, args, {encoding: 'utf8'}));

/** What is no rule of a schema's: names in paths are parameters, and operations have names of their own. */
function checkRules(document) {
  const ids = new Set();
  const shapes = new Set();
  for (const [path, item] of Object.entries(document.paths)) {
    const shape = path.replace(/\{[^}]*\}/g, '{}');
    assert.ok(!shapes.has(shape), `${path} is there twice but for its names`);
    shapes.add(shape);
    const names = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
    for (const operation of Object.values(item)) {
      const parameters = operation.parameters ?? [];
      assert.deepEqual(parameters.filter((each) => each.in === 'path').map((each) => each.name), names, path);
      const keys = parameters.map((each) => `${each.in} ${each.name}`);
      assert.equal(new Set(keys).size, keys.length, `${path} has a parameter twice`);
      assert.ok(!ids.has(operation.operationId), `${operation.operationId} is there twice`);
      ids.add(operation.operationId);
    }
  }
  assert.ok(ids.size > 0, 'there are no operations');
}

for (const set of [undefined, ...sets]) {
  test(`the description of ${set ?? 'the movie service'} is valid`, async () => {
    const document = print(...(set ? [set] : []));
    checkRules(document);
    await SwaggerParser.validate(document);
  });
}

test('the validator can fail', async () => {
  const document = print();
  document.paths['/v1/movies/{mid}'].get.parameters[0].in = 'pocket';
  await assert.rejects(SwaggerParser.validate(document));
});

test('a file that is no descriptor set is named', () => {
  assert.throws(() => execFileSync(program, ['no.binpb'], {stdio: 'pipe'}), /no\.binpb/);
});

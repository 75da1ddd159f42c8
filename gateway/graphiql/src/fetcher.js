import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { heard } from './answers.js';
import { config } from './config.js';
import { logged } from './events.js';
import { ASKING, planned, plans } from './plans.js';

// A socket speaks for one caller for as long as it lives, so each set of headers has its own
// client; it closes by itself with its last subscription.
const clients = new Map();
const KEPT = 8;

const clientFor = (headers) => {
  const key = JSON.stringify(headers ?? {});
  const known = clients.get(key);
  if (known) return known;
  const client = createClient({
    url: config.subscriptionUrl,
    connectionParams: headers ?? {},
    retryAttempts: 3,
  });
  clients.set(key, client);
  for (const old of [...clients.keys()].slice(0, -KEPT)) {
    clients.get(old).dispose();
    clients.delete(old);
  }
  return client;
};

const operationsOf = (document) =>
  document.definitions.filter((each) => each.kind === 'OperationDefinition');

// GraphiQL learns of another text in its editor a moment later than a quick hand can run it, and
// then sends the name and the document of the text before. The text itself is always right.
const inStep = (params, options) => {
  let documentAST;
  try {
    documentAST = parse(params.query);
  } catch {
    return [params, options]; // the gateway says best what is wrong with it
  }
  const names = operationsOf(documentAST).map((each) => each.name?.value);
  const known = names.length > 1 && names.includes(params.operationName);
  const operationName = known ? params.operationName : names.length === 1 ? names[0] : undefined;
  return [{ ...params, operationName }, { ...options, documentAST }];
};

const streams = (document, name) =>
  operationsOf(document ?? { definitions: [] }).some(
    (each) => each.operation === 'subscription' && (!name || each.name?.value === name),
  );

export const fetcher = async (given, givenOptions) => {
  const [params, options] = inStep(given, givenOptions);
  const send = createGraphiQLFetcher({
    url: config.endpoint,
    wsClient: clientFor(givenOptions?.headers),
  });
  const { operationName, variables } = params;
  const asked = { operation: operationName, query: params.query, variables, headers: givenOptions?.headers };
  if (streams(options?.documentAST, operationName)) {
    const events = await send(params, options);
    return events?.[Symbol.asyncIterator] ? logged(events, asked) : events;
  }
  if (operationName === 'IntrospectionQuery') return send(params, options);
  if (!plans.wanted()) return heard(await send(params, options), asked);
  const asking = { ...options, headers: { ...options?.headers, ...ASKING } };
  return heard(planned(await send(params, asking), operationName ?? 'the operation'), asked);
};

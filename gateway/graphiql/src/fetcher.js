import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';
import { config } from './config.js';
import { logged } from './events.js';

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

const nameOf = (params, document) =>
  params.operationName ??
  document?.definitions.find((each) => each.operation)?.name?.value ??
  'subscription';

export const fetcher = async (params, options) => {
  const send = createGraphiQLFetcher({
    url: config.endpoint,
    wsClient: clientFor(options?.headers),
  });
  const answer = await send(params, options);
  const streams = options?.documentAST?.definitions.some((each) => each.operation === 'subscription');
  return streams && answer?.[Symbol.asyncIterator]
    ? logged(answer, nameOf(params, options.documentAST))
    : answer;
};

import { createClient } from 'graphql-ws';
import { codes, MUTATION, QUERY, socketUrl, SUBSCRIPTION, tell, VARIABLES, WRONG } from './operations.mjs';

const client = createClient({ url: socketUrl, retryAttempts: 0 });

async function all(query, variables) {
  const results = [];
  for await (const { data } of client.iterate({ query, variables })) results.push(data);
  return results;
}

const [query] = await all(QUERY, VARIABLES);
const [mutation] = await all(MUTATION, VARIABLES);
const subscription = await all(SUBSCRIPTION);
const error = await all(WRONG).then(() => null, codes);
tell({ query, mutation, subscription, error });

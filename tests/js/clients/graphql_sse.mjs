import { createClient } from 'graphql-sse';
import { codes, MUTATION, QUERY, SUBSCRIPTION, tell, url, VARIABLES, WRONG } from './operations.mjs';

const singleConnection = process.argv[4] === 'single';
const client = createClient({ url: url, singleConnection, retryAttempts: 0 });

async function all(query, variables) {
  const results = [];
  for await (const result of client.iterate({ query, variables })) {
    if (result.errors) throw result.errors;
    results.push(result.data);
  }
  return results;
}

const [query] = await all(QUERY, VARIABLES);
const [mutation] = await all(MUTATION, VARIABLES);
const subscription = await all(SUBSCRIPTION);
const error = await all(WRONG).then(() => null, codes);
tell({ query, mutation, subscription, error });

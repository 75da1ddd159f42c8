import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import { codes, MUTATION, QUERY, socketUrl, SUBSCRIPTION, tell, url, VARIABLES, WRONG } from './operations.mjs';

const overSocket = process.argv[4] === 'socket';
const sockets = createClient({ url: socketUrl, retryAttempts: 0 });
const throughSocket = subscriptionExchange({
  forwardSubscription: ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query: query ?? '', variables }, sink) }),
  }),
});
const client = new Client({
  url,
  preferGetMethod: false,
  exchanges: overSocket ? [cacheExchange, throughSocket, fetchExchange] : [cacheExchange, fetchExchange],
  fetchSubscriptions: !overSocket, // over HTTP: as text/event-stream or multipart, as the server likes
});

const { data: query } = await client.query(QUERY, VARIABLES);
const { data: mutation } = await client.mutation(MUTATION, VARIABLES);
const subscription = [];
await new Promise((resolve, reject) => {
  const { unsubscribe } = client.subscription(SUBSCRIPTION, {}).subscribe(({ data, error, hasNext }) => {
    if (error) reject(error);
    if (data && subscription.at(-1)?.countdown !== data.countdown) subscription.push(data);
    if (subscription.length === 3 || hasNext === false) {
      setTimeout(() => unsubscribe(), 0);
      resolve();
    }
  });
});
const { error } = await client.query(WRONG, {});
tell({ query, mutation, subscription, error: codes(error.graphQLErrors) });

import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { tell, url, VARIABLES } from './operations.mjs';

const QUERY = gql`query Deferred($name: String!) {
  greeting(name: $name)
  ... @defer(label: "late") { many(first: 2) { text } }
}`;
const types = [];
const link = new HttpLink({
  uri: url,
  fetch: async (...request) => {
    const response = await fetch(...request);
    types.push(response.headers.get('content-type'));
    return response;
  },
});
const incrementalHandler = new Defer20220824Handler();
const client = new ApolloClient({ link, cache: new InMemoryCache(), incrementalHandler });

const states = [];
await new Promise((resolve, reject) => {
  client.watchQuery({ query: QUERY, variables: VARIABLES }).subscribe({
    next: ({ data, dataState, error }) => {
      if (error) reject(error);
      if (data) states.push([dataState, data]);
      if (dataState === 'complete') resolve();
    },
    error: reject,
  });
});
tell({ types, first: states[0], last: states.at(-1) });

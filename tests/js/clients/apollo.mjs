import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import { codes, MUTATION, QUERY, socketUrl, SUBSCRIPTION, tell, url, VARIABLES, WRONG } from './operations.mjs';

const overSocket = process.argv[4] === 'socket';
const link = overSocket
  ? new GraphQLWsLink(createClient({ url: socketUrl, retryAttempts: 0 }))
  : new HttpLink({ uri: url }); // subscriptions: Apollo's multipart protocol
const client = new ApolloClient({ link, cache: new InMemoryCache() });

const { data: query } = await client.query({ query: gql(QUERY), variables: VARIABLES });
const { data: mutation } = await client.mutate({ mutation: gql(MUTATION), variables: VARIABLES });
const subscription = [];
await new Promise((resolve, reject) => {
  client.subscribe({ query: gql(SUBSCRIPTION) }).subscribe({
    next: ({ data, error }) => (error ? reject(error) : subscription.push(data)),
    error: reject,
    complete: resolve,
  });
});
const error = await client.query({ query: gql(WRONG) }).then(() => null, ({ errors }) => codes(errors));
tell({ query, mutation, subscription, error });

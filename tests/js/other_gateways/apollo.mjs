// Serves a supergraph with @apollo/gateway: apollo.mjs FILE PORT. Says where once it listens; a
// supergraph that the gateway refuses ends the process with the reason.
import { readFileSync } from 'node:fs';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

const [file, port] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
try {
  const gateway = new ApolloGateway({ supergraphSdl: readFileSync(file, 'utf8'), logger: silent });
  const server = new ApolloServer({ gateway, introspection: true, logger: silent });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: Number(port) },
  });
  process.stdout.write(`${url}\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

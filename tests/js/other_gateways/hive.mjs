// Serves a supergraph with Hive Gateway: hive.mjs FILE PORT. Says where once it listens; a
// supergraph that the gateway refuses ends the process with the reason.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway';

const [file, port] = process.argv.slice(2);
const runtime = createGatewayRuntime({
  supergraph: readFileSync(file, 'utf8'),
  maskedErrors: false,
  logging: false,
  transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws' } } } },
});
try {
  await runtime.getSchema();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
const server = createServer(runtime);
server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/graphql\n`);
});
// the runtime listens to signals for itself, so nothing would end this process
process.on('SIGTERM', () => process.exit(0));

// resume.mjs SOCKET_URL TOKENS COUNT POSITION: reads COUNT events with the helper and tells them.
// A line `ready` goes to stderr when the first frame is there, so that the test may begin to break things.
import { createClient } from 'graphql-ws';
import { resume } from '../../../gateway/client/js/credgraph-subscriptions.mjs';

const [, , url, tokens, count, kept] = process.argv;
const offered = JSON.parse(tokens);
const tally = { connections: 0, events: 0, heartbeats: 0, repeats: 0 };
let position = JSON.parse(kept);
const events = resume({
  connect: (options) => createClient({ url, ...options }),
  query: 'subscription($after: String) { changes(after: $after) { at number before quiet } }',
  names: { cursor: 'at', sequence: 'number', previous: 'before', heartbeat: 'quiet' },
  storage: { load: () => position, save: (next) => { position = next; } },
  token: () => (offered.length > 1 ? offered.shift() : offered[0]),
  firstPause: 10, longestPause: 100, silence: 2000, heartbeats: true, tally,
});
const heard = [];
let ready = false;
try {
  for await (const event of events) {
    if (!ready) process.stderr.write('ready\n');
    ready = true;
    if (event.heartbeat) continue;
    heard.push(event.frame.number);
    if (heard.length === Number(count)) break;
  }
  process.stdout.write(JSON.stringify({ heard, tally, position }));
} catch (fault) {
  process.stdout.write(JSON.stringify({ heard, tally, position, code: fault.code, message: fault.message }));
}

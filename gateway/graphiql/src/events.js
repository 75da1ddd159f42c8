import { frameOf, placeOf, provedIn, startOf } from './feed.js';
import { store } from './store.js';

// The last events of subscriptions, newest first: GraphiQL itself shows only the latest one.
const KEPT = 200;

const entries = store([]);
let count = 0;

export const eventLog = {
  add(entry) {
    count += 1;
    const [newest, ...older] = entries.read();
    // Heartbeats in a row are one line that counts: silence would push the events out.
    const again = entry.heartbeat && newest?.heartbeat && newest.run === entry.run && !entry.place?.mark;
    const next = { number: count, at: new Date(), beats: 1, ...entry };
    if (again) entries.write([{ ...next, number: newest.number, beats: newest.beats + 1 }, ...older]);
    else entries.write([next, ...entries.read()].slice(0, KEPT));
  },
  proved(number, proof) {
    entries.write(entries.read().map((each) => (each.number === number ? { ...each, now: proof } : each)));
  },
  clear: () => entries.write([]),
  read: entries.read,
  subscribe: entries.subscribe,
};

let runs = 0;

// One run of one subscription: each event at its place after the one before.
const recorder = ({ operation, headers, variables }) => {
  runs += 1;
  const run = { number: runs, operation, headers };
  let reached = startOf(entries.read(), variables);
  return (kind, payload) => {
    const frame = payload?.data ? frameOf(payload) : null; // errors may come beside data
    const place = frame && placeOf(frame, reached);
    if (place) reached = place.position;
    const cursor = frame?.cursor ?? payload?.extensions?.cursor ?? null;
    const heartbeat = frame?.heartbeat === true;
    const proved = frame && !heartbeat ? provedIn(frame) : null;
    eventLog.add({ run: run.number, operation, headers, kind, payload, place, cursor, heartbeat, proved });
  };
};

// Not an async generator: its return() would wait for the next event before it stops anything.
export const logged = (source, asked) => {
  const inner = source[Symbol.asyncIterator]();
  const record = recorder(asked);
  record('started', null);
  let over = false;
  const end = (kind, payload) => {
    if (!over) record(kind, payload);
    over = true;
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const step = await inner.next();
        if (step.done) end('ended', null);
        else if (!over) record(step.value.errors ? 'error' : 'event', step.value);
        return step;
      } catch (error) {
        end('failed', errorText(error));
        throw error;
      }
    },
    async return(value) {
      end('stopped', null);
      return (await inner.return?.(value)) ?? { done: true, value };
    },
  };
};

const errorText = (error) =>
  Array.isArray(error) ? error : { message: error?.message ?? String(error) };

// A client of resumable subscriptions over graphql-ws, for browsers and Node: nothing missed,
// nothing twice, a gap is an error.
//
//   import { createClient } from 'graphql-ws';
//   import { resume, webStorage } from './credgraph-subscriptions.mjs';
//
//   const events = resume({
//     connect: (options) => createClient({ url: 'wss://example.org/graphql', ...options }),
//     query: `subscription Watch($after: Cursor) { acceptedCredentialChanges(after: $after) {
//       cursor sequence prevSequence heartbeat kind credentialId } }`,
//     storage: webStorage('watch'),
//     token: () => fetchToken(),
//   });
//   for await (const event of events) actOn(event.frame);
//
// Every connection begins after the position of the last frame; frames at or before it are dropped.
// The position is stored when the loop asks for the next event: a page closed in the middle of an
// event gets this event again. The loop ends only by an error or by leaving it.

/** @typedef {{ cursor: string, sequence: number }} Position */
/** @typedef {{ position: Position, heartbeat: boolean, frame: object, errors: object[] }} Event */
/** @typedef {{ load(): Position | null | Promise<Position | null>,
 *              save(position: Position): void | Promise<void> }} Storage */

const TOKEN_REFUSED = 4403;
const WRONG = new Set([4400, 4401, 4406, 4409, 4429]);
const TRANSIENT = new Set([
  'SUBREQUEST_CONNECTION_ERROR', 'SUBREQUEST_TIMEOUT', 'SUBREQUEST_OVERLOADED', 'SUBREQUEST_CIRCUIT_OPEN',
  'SUBREQUEST_HTTP_ERROR',
  'SUBREQUEST_MALFORMED_RESPONSE', 'SUBSCRIPTION_UPSTREAM_LOST', 'SUBSCRIPTION_UPSTREAM_REFUSED',
  'SUBSCRIPTION_TOO_MANY_OPERATIONS', 'TOO_MANY_STREAMS', 'NOT_READY', 'GRAPH_NOT_LOADED', 'SHUTTING_DOWN',
  'RATE_LIMITED', 'REQUEST_TIMEOUT', 'INTERNAL', 'INTERNAL_SERVER_ERROR', 'DOWNSTREAM_SERVICE_ERROR', 'LAGGED',
]);

/** What ends a subscription for good; `code` is stable, further facts stand beside it:
 *  SUBSCRIPTION_GAP (last, previous, sequence), SUBSCRIPTION_REFUSED (errors, codes),
 *  SUBSCRIPTION_TOKEN, SUBSCRIPTION_FRAME (the operation does not select what positions need). */
export class SubscriptionError extends Error {
  constructor(code, message, facts = {}) {
    super(message);
    this.name = 'SubscriptionError';
    this.code = code;
    Object.assign(this, facts);
  }
}

/** Keeps the position as long as the page or process lives. @returns {Storage} */
export function memoryStorage(position = null) {
  return {
    load: () => position,
    save: (next) => { position = next; },
  };
}

/** Keeps the position in `localStorage` or anything like it. @returns {Storage} */
export function webStorage(key, store = globalThis.localStorage) {
  return {
    load: () => JSON.parse(store.getItem(key) ?? 'null'),
    save: ({ cursor, sequence }) => store.setItem(key, JSON.stringify({ cursor, sequence })),
  };
}

/** What a frame means to one who stands at `last`: the event, or null for a repeat; a gap throws.
 *  A gap is there exactly when the frame's previous sequence is greater than the own last one. */
export function take(last, body, names = {}) {
  const { cursor = 'cursor', sequence = 'sequence', previous = 'prevSequence', heartbeat = 'heartbeat' } = names;
  const values = Object.values(body.data ?? {});
  const frame = values[0];
  if (values.length !== 1 || typeof frame?.[cursor] !== 'string' || !Number.isInteger(frame[sequence])) {
    throw new SubscriptionError('SUBSCRIPTION_FRAME', `select ${cursor} and ${sequence} in the one root field`);
  }
  if (frame[previous] === undefined) {
    throw new SubscriptionError('SUBSCRIPTION_FRAME', `select ${previous}: without it a gap would not show`);
  }
  const position = { cursor: frame[cursor], sequence: frame[sequence] };
  if (last !== null && position.sequence <= last.sequence) return null;
  if (last !== null && frame[previous] !== null && frame[previous] > last.sequence) {
    const facts = { last: last.sequence, previous: frame[previous], sequence: position.sequence };
    const text = `frame ${facts.sequence} follows ${facts.previous}, but the last one here was ${facts.last}`;
    throw new SubscriptionError('SUBSCRIPTION_GAP', text, facts);
  }
  return { position, heartbeat: frame[heartbeat] === true, frame, errors: body.errors ?? [] };
}

/**
 * Events in order, from the stored position on, or from now where there is none.
 * @param connect makes a graphql-ws client from the options given to it (its own `url` added).
 * @param variable names the operation's variable that takes the cursor.
 * @param token answers (or promises) a token for each connection; null is nobody.
 * @param firstPause, longestPause, silence in milliseconds: the pause before a connection is drawn
 *   between nothing and a bound that doubles; a connection without a frame for `silence` is dead.
 * @param tally counts connections, events, heartbeats and repeats, for whoever wants to know.
 * @returns {AsyncGenerator<Event>}
 */
export async function* resume({
  connect, query, variables = {}, operationName, variable = 'after', names, storage = memoryStorage(), token,
  heartbeats = false, firstPause = 250, longestPause = 10_000, silence = 30_000, tokens = 5,
  tally = { connections: 0, events: 0, heartbeats: 0, repeats: 0 },
}) {
  let last = await storage.load();
  let failures = 0;
  let refusals = 0;
  while (true) {
    const after = last?.cursor ?? null;
    const payload = { query, operationName, variables: { ...variables, [variable]: after } };
    if (after !== null) payload.extensions = { after };
    const bodies = connection(connect, payload, token ? await token() : null, silence);
    tally.connections += 1;
    try {
      for await (const body of bodies) {
        const event = take(last, checked(body), names);
        if (event === null) { tally.repeats += 1; continue; }
        last = event.position;
        failures = refusals = 0;
        tally[event.heartbeat ? 'heartbeats' : 'events'] += 1;
        if (!event.heartbeat || heartbeats) yield event;
        await storage.save(event.position);
      }
    } catch (fault) {
      if (!(fault instanceof Lost)) throw fault;
      refusals += fault.unwelcome ? 1 : 0;
      if (fault.unwelcome && (!token || refusals >= tokens)) {
        throw new SubscriptionError('SUBSCRIPTION_TOKEN', fault.message);
      }
    }
    const bound = Math.min(firstPause * 2 ** Math.min(failures, 16), longestPause);
    failures += 1;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * bound));
  }
}

/** Why a connection is made anew; never seen outside. */
class Lost extends Error {
  constructor(message, unwelcome = false) {
    super(message);
    this.unwelcome = unwelcome;
  }
}

/** Execution results over one socket; ends when the server completes, throws when it is lost. */
async function* connection(connect, payload, token, silence) {
  const client = connect({
    lazy: true,
    retryAttempts: 0,
    connectionParams: token === null || token === undefined ? {} : { authorization: `Bearer ${token}` },
    keepAlive: silence / 2,
  });
  const queue = [];
  let wake = () => {};
  const put = (item) => { queue.push(item); wake(); };
  const stop = client.subscribe(payload, {
    next: (body) => put({ body }),
    error: (fault) => put({ fault: faultOf(fault) }),
    complete: () => put({ done: true }),
  });
  try {
    while (true) {
      if (queue.length === 0) await news((resolve) => { wake = resolve; }, silence);
      const item = queue.shift();
      if (item === undefined) throw new Lost(`not even a heartbeat for ${silence} ms`);
      if (item.fault) throw item.fault;
      if (item.done) return;
      yield item.body;
    }
  } finally {
    stop();
    client.terminate(); // a socket that is stalled is not waited for
  }
}

/** Waits for the call, but not longer than that. */
async function news(wait, milliseconds) {
  let timer;
  await Promise.race([new Promise(wait), new Promise((resolve) => { timer = setTimeout(resolve, milliseconds); })]);
  clearTimeout(timer);
}

function faultOf(fault) {
  if (Array.isArray(fault)) return refused(fault);
  if (fault?.code === TOKEN_REFUSED) return new Lost(fault.reason || 'the token was refused', true);
  if (WRONG.has(fault?.code)) return refused([{ message: fault.reason, extensions: { code: String(fault.code) } }]);
  return new Lost(fault?.reason || fault?.message || 'the socket closed');
}

function checked(body) {
  const nothing = body.data === null || body.data === undefined;
  if (nothing && body.errors?.length) throw refused(body.errors);
  return body;
}

function refused(errors) {
  const codes = errors.map((error) => error.extensions?.code);
  const text = errors.map((error) => error.message).join('; ');
  if (codes.every((code) => TRANSIENT.has(code))) return new Lost(text);
  return new SubscriptionError('SUBSCRIPTION_REFUSED', text, { errors, codes });
}

// The last events of subscriptions, newest first: GraphiQL itself shows only the latest one.
const KEPT = 200;

let entries = [];
let count = 0;
const listeners = new Set();

const publish = (next) => {
  entries = next;
  listeners.forEach((listener) => listener());
};

export const eventLog = {
  add(operation, kind, payload) {
    count += 1;
    const entry = { number: count, at: new Date(), operation, kind, payload };
    publish([entry, ...entries].slice(0, KEPT));
  },
  clear: () => publish([]),
  read: () => entries,
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

// Not an async generator: its return() would wait for the next event before it stops anything.
export const logged = (source, operation) => {
  const inner = source[Symbol.asyncIterator]();
  eventLog.add(operation, 'started', null);
  let over = false;
  const end = (kind, payload) => {
    if (!over) eventLog.add(operation, kind, payload);
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
        else if (!over) {
          eventLog.add(operation, step.value.errors ? 'error' : 'event', step.value);
        }
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

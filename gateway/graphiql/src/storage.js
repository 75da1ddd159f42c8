import { config } from './config.js';

// Tabs are remembered under a name made of the examples, so that new examples (other ids after a
// new seed) are not hidden by tabs of yesterday.
const fingerprint = (text) => {
  let hash = 5381;
  for (const char of text) hash = ((hash * 33) ^ char.codePointAt(0)) >>> 0;
  return hash.toString(36);
};

const prefix = `credgraph:${fingerprint(JSON.stringify(config.tabs))}:`;

// History would keep each query together with its headers; tokens are never written down.
const withoutHeaders = (text) =>
  JSON.stringify(JSON.parse(text), (key, value) => (key === 'headers' ? undefined : value));
const HISTORY = new Set(['graphiql:queries', 'graphiql:favorites']);

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));

export const storage = {
  get length() {
    return keys().length;
  },
  getItem: (key) => localStorage.getItem(prefix + key),
  setItem: (key, value) =>
    localStorage.setItem(prefix + key, HISTORY.has(key) ? withoutHeaders(value) : value),
  removeItem: (key) => localStorage.removeItem(prefix + key),
  clear: () => keys().forEach((key) => localStorage.removeItem(key)),
};

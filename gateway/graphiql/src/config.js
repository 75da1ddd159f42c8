// What the server wrote into the page; every part may be missing.
const text = document.getElementById('config')?.textContent ?? '{}';
const given = JSON.parse(text || '{}');

const socketUrl = (endpoint) => {
  const url = new URL(endpoint, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
};

const endpoint = given.endpoint ?? '/graphql';

export const config = {
  endpoint,
  subscriptionUrl: given.subscriptionUrl ?? socketUrl(endpoint),
  demo: given.demo === true,
  plan: given.plan === true,
  proofs: given.proofs === true,
  trust: given.trust ?? null,
  tabs: given.tabs ?? [],
  personas: given.personas ?? [],
};

export const headersOf = (persona) =>
  persona ? JSON.stringify({ Authorization: `Bearer ${persona.token}` }, null, 2) : '';

export const personaNamed = (name) => config.personas.find((each) => each.name === name);

export const defaultTabs = config.tabs.map((tab) => ({
  query: tab.query,
  variables: tab.variables || '',
  headers: tab.headers || headersOf(personaNamed(tab.persona)),
}));

import { config } from './config.js';

// One operation as the caller of an answer before; what was refused is an error with its code.
export const ask = async (query, variables, headers) => {
  const response = await fetch(config.endpoint, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Error(`the gateway answered ${response.status} and no JSON`);
  }
  const [fault] = body.errors ?? [];
  if (!body.data && fault) throw Object.assign(new Error(fault.message), { code: fault.extensions?.code });
  return body;
};

// Reads [[{name, url, sdl}, ...], ...] on stdin and writes, for each set, what Apollo's composer
// makes of it: {supergraph, hints} or {errors} or, where the composer itself throws, {crash}.
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const compose = (set) => {
  const services = set.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors, hints } = composeServices(services);
  return {
    supergraph: supergraphSdl ?? null,
    errors: (errors ?? []).map((error) => error.extensions.code),
    hints: (hints ?? []).map((hint) => hint.definition.code),
  };
};

const results = JSON.parse(readFileSync(0, 'utf8')).map((set) => {
  try {
    return compose(set);
  } catch (error) {
    return { crash: String(error) };
  }
});
process.stdout.write(JSON.stringify(results));

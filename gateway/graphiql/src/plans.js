import { store } from './store.js';

// How the last run went, for the plan panel. The gateway is asked for it only while the panel is
// open: a plan costs it time, and says more of the inside than most callers want to read.
const shown = store(null);
let watching = 0;

export const plans = {
  wanted: () => watching > 0,
  watch() {
    watching += 1;
    return () => {
      watching -= 1;
    };
  },
  keep(operation, extensions) {
    shown.write({ operation, plan: extensions?.queryPlan ?? null, cost: extensions?.cost ?? null });
  },
  read: shown.read,
  subscribe: shown.subscribe,
};

export const ASKING = {
  'credgraph-expose-query-plan': 'true',
  'credgraph-expose-cost': 'true',
};

// The answer as the client asked for it: the plan stands in its own panel.
const withoutPlan = (result) => {
  if (!result?.extensions) return result;
  const { queryPlan, ...rest } = result.extensions;
  const { extensions, ...answer } = result;
  return Object.keys(rest).length ? { ...answer, extensions: rest } : answer;
};

// GraphiQL takes an answer in steps, each a body or, where parts come together, a list of them.
export async function* planned(answer, operation) {
  const told = {};
  const steps = answer?.[Symbol.asyncIterator] ? answer : [answer];
  for await (const step of steps) {
    for (const body of Array.isArray(step) ? step : [step]) Object.assign(told, body?.extensions);
    plans.keep(operation, told);
    yield Array.isArray(step) ? step.map(withoutPlan) : withoutPlan(step);
  }
}

import { store } from './store.js';

// The last answer to a query or mutation, with what was asked and as whom: the proof panel looks
// into it, the export asks on from it.
export const answers = store(null);

// A part that came later (@defer, @stream) at its place; the answer before stays as it was.
const placed = (data, path, part) => {
  if (!path.length) return { ...data, ...part };
  const [name, ...rest] = path;
  const copy = Array.isArray(data) ? [...data] : { ...data };
  copy[name] = placed(copy[name] ?? {}, rest, part);
  return copy;
};

const joined = (data, step) =>
  (Array.isArray(step) ? step : [step]).reduce((sum, body) => {
    const parts = (body?.incremental ?? []).filter((each) => each.data);
    const begun = body?.data ?? sum;
    return parts.reduce((whole, each) => placed(whole, each.path ?? [], each.data), begun);
  }, data);

async function* heardInSteps(steps, asked) {
  let data = null;
  for await (const step of steps) {
    data = joined(data, step);
    if (data) answers.write({ ...asked, data });
    yield step;
  }
}

export const heard = (answer, asked) => {
  if (answer?.[Symbol.asyncIterator]) return heardInSteps(answer, asked);
  const data = joined(null, answer);
  if (data) answers.write({ ...asked, data });
  return answer;
};

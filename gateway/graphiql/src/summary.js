// The facts of an event that fit on a line or two: short values of its root field and of the
// objects in it. Empty and false ones, ids inside objects and opaque texts only take room.
const LONGEST = 34;

const tellsSomething = (value) =>
  value === true || typeof value === 'number' || (typeof value === 'string' && value.length <= LONGEST);

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

const factsOf = (object) =>
  Object.entries(object).flatMap(([name, value]) => {
    if (tellsSomething(value)) return [[name, String(value)]];
    if (!isObject(value)) return [];
    return Object.entries(value)
      .filter(([inner, each]) => inner !== 'id' && tellsSomething(each))
      .map(([inner, each]) => [`${name}.${inner}`, String(each)]);
  });

export const summaryOf = (payload) => {
  const error = payload?.errors?.[0]?.message ?? payload?.[0]?.message ?? payload?.message;
  const root = Object.values(payload?.data ?? {}).find(isObject);
  return [...(error ? [['error', error]] : []), ...(root ? factsOf(root) : [])];
};

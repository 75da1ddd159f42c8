// Rows as text. Pure.

// A sheet would run a text that begins like a formula, so such a text gets a quote in front of it;
// numbers stay numbers.
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(\.\d+)?$/;

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

const flat = (row, before = '') =>
  Object.entries(row).flatMap(([name, value]) => {
    const column = `${before}${name}`;
    if (isObject(value)) return flat(value, `${column}.`);
    return [[column, Array.isArray(value) ? JSON.stringify(value) : value]];
  });

const cell = (value) => {
  if (value === null || value === undefined) return '';
  const text = String(value);
  const safe = typeof value === 'string' && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** RFC 4180, with the mark by which sheets know UTF-8; a nested field is `outer.inner`. */
export const toCsv = (rows) => {
  const flattened = rows.map((row) => new Map(flat(row)));
  const columns = [...new Set(flattened.flatMap((row) => [...row.keys()]))];
  const lines = [columns.map(cell), ...flattened.map((row) => columns.map((name) => cell(row.get(name))))];
  return `\ufeff${lines.map((line) => `${line.join(',')}\r\n`).join('')}`;
};

export const toJsonl = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

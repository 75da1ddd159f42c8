// A connection of the last answer, asked for again page by page: the operation with its own cursor,
// and with the proof of each node beside it.
import { getNamedType, isObjectType, parse, parseType, print, TypeInfo, visit, visitWithTypeInfo } from 'graphql';

const AFTER = 'exportAfter';
const PAGE = 'exportPage';
const PROOF = 'exportProof';
const PAGING = new Set(['first', 'last', 'after', 'before']);

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Paths to the connections of an answer; those below a list would be many, and are left out. */
export const connectionsIn = (data) => {
  const found = [];
  const walk = (value, path) => {
    if (!isObject(value)) return;
    if (Array.isArray(value.edges)) found.push(path);
    else Object.entries(value).forEach(([name, each]) => walk(each, [...path, name]));
  };
  walk(data, []);
  return found;
};

export const at = (data, path) => path.reduce((value, name) => value?.[name], data);

const selectionsOf = (text) => parse(`{ ${text} }`).definitions[0].selectionSet.selections;

const variable = (name) => ({ kind: 'Variable', name: { kind: 'Name', value: name } });

const argument = (name, value) => ({ kind: 'Argument', name: { kind: 'Name', value: name }, value });

const nodeTypeOf = (connection) => {
  const edge = getNamedType(connection.getFields().edges.type);
  return getNamedType(edge.getFields().node.type);
};

const provesNodes = (connection) => Boolean(nodeTypeOf(connection).getFields?.().chainProof);

const pagedField = (node, field, { size, proofs }) => {
  const takes = new Set(field.args.map((each) => each.name));
  const paged = takes.has('after') && takes.has('first');
  const kept = node.arguments.filter((each) => !paged || !PAGING.has(each.name.value));
  const paging = paged
    ? [argument('first', { kind: 'IntValue', value: String(size) }), argument('after', variable(AFTER))]
    : [];
  const connection = getNamedType(field.type);
  const proof = proofs && provesNodes(connection);
  const more = [
    ...selectionsOf(`${PAGE}: pageInfo { hasNextPage endCursor }`),
    ...(proof ? selectionsOf(`edges { node { ${PROOF}: chainProof { leafIndex anchorState bundle } } }`) : []),
  ];
  const selections = [...node.selectionSet.selections, ...more];
  return {
    proof,
    cursorType: paged ? String(field.args.find((each) => each.name === 'after').type) : null,
    node: { ...node, arguments: [...kept, ...paging], selectionSet: { ...node.selectionSet, selections } },
  };
};

const onlyOperation = (document, name) =>
  document.definitions.find(
    (each) => each.kind === 'OperationDefinition' && (!name || each.name?.value === name),
  );

// Fields by their answer's names, from the operation down; fragments with names are looked into by
// nobody here, as one text would then be changed for several places.
const rewritten = (schema, document, path, options) => {
  const info = new TypeInfo(schema);
  const names = [];
  let found = null;
  const changed = visit(document, visitWithTypeInfo(info, {
    FragmentDefinition: () => false,
    Field: {
      enter: (node) => void names.push(node.alias?.value ?? node.name.value),
      leave(node) {
        const here = names.join('\n') === path.join('\n');
        names.pop();
        if (!here || !isObjectType(getNamedType(info.getType()))) return undefined;
        const paged = pagedField(node, info.getFieldDef(), options);
        found = { cursorType: paged.cursorType, proof: paged.proof || found?.proof };
        return paged.node;
      },
    },
  }));
  return { changed, found };
};

const usedVariables = (document) => {
  const used = new Set();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void used.add(node.name.value),
  });
  return used;
};

const declared = (document, operation, cursorType) => {
  const used = usedVariables(document);
  const kept = (operation.variableDefinitions ?? []).filter((each) => used.has(each.variable.name.value));
  const cursor = { kind: 'VariableDefinition', variable: variable(AFTER), type: cursorType && parseType(cursorType) };
  const variableDefinitions = cursorType ? [...kept, cursor] : kept;
  return { ...operation, variableDefinitions };
};

/** The operation that asks one page. Throws where the connection can't be found in its text. */
export const pagedQuery = (schema, asked, path, options) => {
  const document = parse(asked.query);
  const wanted = onlyOperation(document, asked.operation);
  const alone = {
    ...document,
    definitions: document.definitions.filter((each) => each === wanted || each.kind === 'FragmentDefinition'),
  };
  const { changed, found } = rewritten(schema, alone, path, options);
  if (!found) throw new Error(`write ${path.join('.')} into the operation itself, not into a fragment with a name`);
  const { cursorType, proof } = found;
  const operation = changed.definitions.find((each) => each.kind === 'OperationDefinition');
  const definitions = changed.definitions.map((each) =>
    each === operation ? declared(changed, operation, cursorType) : each,
  );
  return { query: print({ ...changed, definitions }), pages: cursorType !== null, proof };
};

const TOO_MUCH = new Set(['MAX_COST_LIMIT', 'MAX_LIST_SIZE_LIMIT', 'SUBREQUEST_TOO_LARGE']);

const rowOf = ({ node }) => {
  const { [PROOF]: proof, ...row } = node ?? {};
  return { row, proof: proof ?? null };
};

// Half as much where a page is refused as too much.
const askedPage = async (ask, prepare, state, after) => {
  for (;;) {
    const { query } = prepare(state.size);
    try {
      return await ask(query, { [AFTER]: after });
    } catch (error) {
      if (!TOO_MUCH.has(error.code) || state.size <= 1) throw error;
      state.size = Math.ceil(state.size / 2);
    }
  }
};

/** All rows of a connection, at most `most` of them and `bytes` of text; `stopped` says to end early.
 *  `complete` is false where more is there; `faults` are errors that came beside the rows. */
export const collected = async ({ ask, prepare, path, limits, told, stopped }) => {
  const rows = [];
  const state = { size: Math.min(limits.page, limits.most) };
  const faults = [];
  let bytes = 0;
  let after = null;
  for (;;) {
    const { data, errors } = await askedPage(ask, prepare, state, after);
    const connection = at(data, path);
    if (!connection) throw new Error(errors?.[0]?.message ?? 'the connection is not in the answer');
    const taken = connection.edges.filter(Boolean).map(rowOf).slice(0, limits.most - rows.length);
    const cut = taken.length < connection.edges.filter(Boolean).length;
    rows.push(...taken);
    faults.push(...(errors ?? []).map((each) => each.message));
    bytes += JSON.stringify(taken).length;
    told(rows.length);
    const page = connection[PAGE] ?? {};
    const more = cut || page.hasNextPage === true;
    if (!more) return { rows, faults, complete: true, reason: null };
    if (rows.length >= limits.most) return { rows, faults, complete: false, reason: `${limits.most} rows` };
    if (bytes >= limits.bytes) return { rows, faults, complete: false, reason: `${limits.bytes} bytes` };
    if (stopped()) return { rows, faults, complete: false, reason: 'stopped' };
    if (!page.endCursor || page.endCursor === after) throw new Error('the connection has no next cursor');
    after = page.endCursor;
  }
};

import { ask } from './asking.js';

// The proof of one thing as it stands now: an event comes when it is sequenced, before a head is
// signed over it.
const WANTED = 'anchorState trust leafIndex leafHash treeSize path checkpoint { root } verified bundle';

const provedTypes = (schema) =>
  schema.getPossibleTypes(schema.getType('Node')).filter((type) => type.getFields().chainProof);

export const canProve = (schema) => Boolean(schema?.getType('Node') && schema.getType('ChainProof'));

export const proofNow = async (schema, id, headers) => {
  const parts = provedTypes(schema).map((type) => `... on ${type.name} { chainProof { ${WANTED} } }`);
  const query = `query ProofOf($id: ID!) { node(id: $id) { __typename ${parts.join(' ')} } }`;
  const { data } = await ask(query, { id }, headers);
  if (!data?.node?.chainProof) throw new Error('the gateway shows no proof of it to this caller');
  return { operation: 'ProofOf', query, variables: { id }, headers, data };
};

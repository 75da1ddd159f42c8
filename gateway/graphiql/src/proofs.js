// Proofs in an answer, and their check on this machine with the ledger's own verifier.
import { BadProof, BadTrust, checkWhole, drawPath, verifyBundle } from '../../../ledger_adapter/js/verify.mjs';

const KEPT = 200;

export const STEPS = [
  ['bundle', 'The bundle is whole and readable'],
  ['log', 'It is of a log that the trust file names'],
  ['commit', 'The event told is the one that was entered'],
  ['leaf', 'The entry hashes to the leaf'],
  ['path', 'The path leads from the leaf to the root'],
  ['checkpoint', 'The log’s key has signed this root'],
  ['witness', 'Enough witnesses have signed it as well'],
  ['anchor', 'The evidence of chains holds'],
  ['trust', 'It claims no more than all this shows'],
];
const ALONE = new Set(['bundle', 'commit', 'leaf', 'path']);

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

const looksProved = (value) =>
  isObject(value) && (typeof value.bundle === 'string' || typeof value.leafHash === 'string');

const children = (value) => (value !== null && typeof value === 'object' ? Object.entries(value) : []);

/** Each proof of an answer with the path to it; `about` are the short facts of what it proves. */
export const proofsIn = (data) => {
  const found = [];
  const walk = (value, path, about) => {
    if (found.length >= KEPT) return;
    if (looksProved(value)) {
      found.push({ path, about, proof: value });
      return;
    }
    const facts = isObject(value) ? value : about;
    for (const [name, each] of children(value)) walk(each, [...path, name], facts);
  };
  walk(data, [], null);
  return found;
};

export const titleOf = ({ path, about }) => {
  const known = [about?.sequence, about?.kind ?? about?.state ?? about?.__typename].filter((each) => each != null);
  return known.length ? `${known.join(' ')} (${path.join('.')})` : path.join('.');
};

// What the answer says beside its bundle must be what the bundle says: only this was checked.
const BESIDE = {
  leafHash: (bundle) => bundle.leafHash,
  leafIndex: (bundle) => bundle.leafIndex,
  treeSize: (bundle) => bundle.treeSize,
  entry: (bundle) => bundle.entry,
  path: (bundle) => bundle.path,
};

const toldOtherwise = (proof) => {
  const bundle = JSON.parse(proof.bundle);
  const told = Object.keys(BESIDE).filter((name) => proof[name] != null);
  const other = told.find((name) => JSON.stringify(proof[name]) !== JSON.stringify(BESIDE[name](bundle)));
  const root = proof.checkpoint?.root;
  if (root && !rootLines(bundle).includes(root)) return 'checkpoint';
  return other ?? null;
};

// The answer has its bytes in base64url, a signed note its root in base64.
const rootLines = (bundle) => {
  const line = bundle.checkpoint.split('\n')[2] ?? '';
  return [line, line.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')];
};

const drawnFrom = async (proof) => {
  if (typeof proof.bundle === 'string') return drawPath(proof.bundle);
  const { leafHash, leafIndex, treeSize, path, checkpoint, log } = proof;
  if (leafIndex == null || !path || !checkpoint?.root) return null;
  const size = treeSize ?? checkpoint.treeSize;
  return drawPath({ leafHash, leafIndex, treeSize: size, path, root: checkpoint.root, hash: log?.alg ?? 'SM3' });
};

const rowsFrom = (passed, fault, steps) => {
  let failed = false;
  return steps.map(([step, told]) => {
    if (passed.has(step)) return { step, told, state: 'held' };
    const here = fault !== null && !failed;
    failed ||= here;
    return { step, told, state: here ? 'failed' : 'open', reason: here ? fault : null };
  });
};

const bundleChecked = async (proof, trust) => {
  const passed = new Set();
  let fault = null;
  let verdict = null;
  try {
    if (trust) verdict = await verifyBundle(proof.bundle, trust, (step) => passed.add(step));
    else await checkWhole(proof.bundle, (step) => passed.add(step));
    const other = toldOtherwise(proof);
    if (other) fault = `the answer has another ${other} than its bundle`;
  } catch (error) {
    if (error instanceof BadTrust) return { ...(await bundleChecked(proof, null)), trustFault: error.message };
    if (!(error instanceof BadProof)) throw error;
    fault = `${error.step}: ${error.reason}`;
  }
  const steps = trust ? STEPS : STEPS.filter(([step]) => ALONE.has(step));
  const rows = rowsFrom(passed, fault, [...steps, ['answer', 'The answer says what the bundle says']]);
  if (!fault) rows.at(-1).state = 'held';
  const state = fault ? 'failed' : trust ? 'proved' : 'whole';
  return { state, rows, verdict, fault };
};

const fieldsChecked = (drawn) => {
  const told = STEPS.find(([step]) => step === 'path')[1];
  const state = drawn.fault ? 'failed' : 'held';
  return {
    state: drawn.fault ? 'failed' : 'path',
    rows: [{ step: 'path', told, state, reason: drawn.fault }],
    verdict: null,
    fault: drawn.fault,
  };
};

/** What can be shown of a proof: state is proved, whole (no trust file), path (no bundle), failed
 *  or nothing (neither a bundle nor a path). `drawn` is the path, null where it can't be read. */
export const checkProof = async (proof, trust) => {
  let drawn = null;
  let unreadable = null;
  try {
    drawn = await drawnFrom(proof);
  } catch (error) {
    unreadable = error instanceof BadProof ? error.message : `bundle: ${error.message}`;
  }
  if (typeof proof.bundle === 'string') return { drawn, ...(await bundleChecked(proof, trust)) };
  if (drawn) return { drawn, ...fieldsChecked(drawn) };
  if (unreadable) return { drawn, ...fieldsChecked({ fault: unreadable }) };
  return { drawn, state: 'nothing', rows: [], verdict: null, fault: null };
};

/** The same proof with one letter of its bundle changed, at another place with each turn. */
export const spoiled = (proof, turn) => {
  const { path, leafHash, entry } = JSON.parse(proof.bundle);
  const places = [...path.map((hash, at) => [`path[${at}]`, hash]), ['leafHash', leafHash], ['entry', entry]];
  const [what, value] = places[turn % places.length];
  const spot = proof.bundle.indexOf(value) + Math.floor(value.length / 2);
  const other = proof.bundle[spot] === 'A' ? 'B' : 'A';
  const bundle = proof.bundle.slice(0, spot) + other + proof.bundle.slice(spot + 1);
  return { what, proof: { ...proof, bundle } };
};

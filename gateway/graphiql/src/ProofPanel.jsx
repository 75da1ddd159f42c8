import { useEffect, useState, useSyncExternalStore } from 'react';
import { answers } from './answers.js';
import { MerklePath, PathInWords } from './MerklePath.jsx';
import { checkProof, proofsIn, spoiled, titleOf } from './proofs.js';
import { saved } from './saving.js';
import { trust, trustFile } from './trust.js';

const VERDICTS = {
  proved: ({ verdict }) =>
    `PROVED: ${verdict.kind} is entry ${verdict.leafIndex} of ${verdict.origin}, on the log by ${
      verdict.time}; trust ${verdict.trust}`,
  whole: () => 'WHOLE, BUT NOT PROVED: without a trust file nobody’s signature is checked.',
  path: () => 'THE PATH HOLDS. No bundle was selected, so no signature is checked: add bundle to chainProof.',
  nothing: () => 'This answer has neither a bundle nor a path: add bundle to chainProof and run it again.',
  failed: ({ fault }) => `FAILED: ${fault}`,
};
const SIGNS = { held: '✓', failed: '✗', open: '–' };
const STATES = { held: 'holds', failed: 'failed', open: 'not reached' };

const Steps = ({ rows }) => (
  <ol className="proof-steps">
    {rows.map(({ step, told, state, reason }) => (
      <li key={step} className={`proof-${state}`}>
        <span aria-hidden="true">{SIGNS[state]}</span> {told}: {STATES[state]}
        {reason && <em> ({reason})</em>}
      </li>
    ))}
  </ol>
);

const TrustFile = ({ held, fault }) => (
  <div className="proof-trust">
    {fault && <p role="alert">{fault}</p>}
    <p>
      {held.from ? `Trust file: from ${held.from}. ` : 'No trust file. '}
      {held.from === 'this gateway' && 'Choose one you got elsewhere, to rely on nobody here.'}
    </p>
    <label>
      Another trust file{' '}
      <input
        type="file"
        accept=".json,application/json"
        onChange={(event) => event.target.files[0] && trustFile(event.target.files[0])}
      />
    </label>
  </div>
);

const save = ({ bundle, leafIndex }) =>
  saved(new Blob([bundle], { type: 'application/json' }), `proof-${leafIndex ?? 'bundle'}.json`);

const useChecked = (proof, trusted) => {
  const [checked, setChecked] = useState(null);
  useEffect(() => {
    let current = true;
    setChecked(null);
    checkProof(proof, trusted).then((result) => current && setChecked(result));
    return () => {
      current = false;
    };
  }, [proof, trusted]);
  return checked;
};

const Checked = ({ proof }) => {
  const held = useSyncExternalStore(trust.subscribe, trust.read);
  const [changed, setChanged] = useState({ turn: 0, what: null, proof });
  const checked = useChecked(changed.proof, held.text);
  const spoil = () => setChanged({ turn: changed.turn + 1, ...spoiled(proof, changed.turn) });
  return (
    <>
      <p className={`proof-verdict proof-is-${checked?.state ?? 'open'}`} role="status">
        {checked ? VERDICTS[checked.state](checked) : 'Checking in this browser'}
      </p>
      {changed.what && <p className="proof-changed">One letter of {changed.what} was changed here.</p>}
      {checked && <Steps rows={checked.rows} />}
      {checked?.drawn && <MerklePath drawn={checked.drawn} />}
      {checked?.drawn && <PathInWords drawn={checked.drawn} />}
      {proof.bundle && checked?.drawn && (
        <p className="proof-actions">
          <button type="button" className="graphiql-button" onClick={spoil}>
            Change a byte
          </button>
          {changed.what && (
            <button type="button" className="graphiql-button" onClick={() => setChanged({ turn: 0, what: null, proof })}>
              As it came
            </button>
          )}
          <button type="button" className="graphiql-button" onClick={() => save(proof)}>
            Save the bundle
          </button>
        </p>
      )}
      <TrustFile held={held} fault={checked?.trustFault} />
    </>
  );
};

const Found = ({ found }) => {
  const newest = found.findLastIndex((each) => each.proof.bundle);
  const [index, setIndex] = useState(newest < 0 ? found.length - 1 : newest);
  return (
    <>
      <label className="proof-which">
        {found.length} in the last answer{' '}
        <select value={index} onChange={(event) => setIndex(Number(event.target.value))}>
          {found.map((each, at) => (
            <option key={at} value={at}>
              {titleOf(each)}
            </option>
          ))}
        </select>
      </label>
      <Checked key={index} proof={found[index].proof} />
    </>
  );
};

let shown = 0;
const numbers = new WeakMap();
// A new answer begins with its newest proof again.
const numberOf = (answer) => {
  if (!numbers.has(answer)) numbers.set(answer, (shown += 1));
  return numbers.get(answer);
};

const ProofPanel = () => {
  const answer = useSyncExternalStore(answers.subscribe, answers.read);
  const found = answer ? proofsIn(answer.data) : [];
  return (
    <section className="proof-panel panel">
      <h2>Proof</h2>
      {!answer && <p>Run an operation that selects chainProof with its bundle; it is checked here, in this browser.</p>}
      {answer && !found.length && <p>The last answer has no chainProof.</p>}
      {found.length > 0 && <Found key={numberOf(answer)} found={found} />}
    </section>
  );
};

const Icon = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <path d="M12 7v3M12 10l-5 5M12 10l5 5" />
    <circle cx="12" cy="5" r="2" />
    <circle cx="6" cy="17" r="2" />
    <circle cx="18" cy="17" r="2" />
  </svg>
);

export const proofPlugin = { title: 'Proof', icon: Icon, content: ProofPanel };

// What an export holds: the rows, a proof bundle for each row that has one, and what was asked.
import { toCsv, toJsonl } from './table.js';

const WRITERS = { csv: toCsv, jsonl: toJsonl };

// A position is a shard and an index.
const fileOf = ({ bundle, leafIndex }) =>
  bundle ? `proofs/${JSON.parse(bundle).log.shard}-${leafIndex}.json` : null;

const bundlesOf = (rows) =>
  rows.flatMap(({ proof }) => (proof?.bundle ? [[fileOf(proof), proof.bundle]] : []));

const once = (files) => [...new Map(files)];

const withProofFile = ({ row, proof }) => {
  if (!proof) return row;
  return { ...row, proofState: proof.anchorState, proofFile: fileOf(proof) };
};

const READ_ME = (format) => `rows.${format} holds the rows, proofs/ the proof bundle of each (column proofFile).
A row without a bundle was not under a signed head yet when this was made.

Check a proof with files alone, against a trust file that you got elsewhere:

  python -m ledger_adapter verify-proof proofs/FILE.json --trust trust.json
`;

/** Pairs of name and text for one archive. */
export const exported = ({ rows, faults, complete, reason }, { format, asked, path, at, endpoint }) => {
  const proofs = once(bundlesOf(rows));
  const manifest = {
    endpoint,
    operation: asked.operation ?? null,
    connection: path.join('.'),
    query: asked.query,
    variables: asked.variables ?? {},
    at: at.toISOString(),
    rows: rows.length,
    proofs: proofs.length,
    complete,
    errors: faults,
    ...(reason ? { stoppedAt: reason } : {}),
  };
  return [
    [`rows.${format}`, WRITERS[format](rows.map(withProofFile))],
    ['manifest.json', `${JSON.stringify(manifest, null, 2)}\n`],
    ...(proofs.length ? [['README.txt', READ_ME(format)], ...proofs] : []),
  ];
};

import { useGraphiQL } from '@graphiql/react';
import { useRef, useState, useSyncExternalStore } from 'react';
import { answers } from './answers.js';
import { ask } from './asking.js';
import { config } from './config.js';
import { collected, connectionsIn, pagedQuery } from './connection.js';
import { exported } from './exporting.js';
import { saved } from './saving.js';
import { zipped } from './zip.js';

const MOST = 10_000;
const BYTES = 20_000_000;
const PAGE = { most: 100, usual: 50 };

const exportOf = async ({ schema, asked, path, format, most, page, told, stopped }) => {
  const prepare = (size) => pagedQuery(schema, asked, path, { size, proofs: config.proofs });
  const found = await collected({
    ask: (query, variables) => ask(query, { ...asked.variables, ...variables }, asked.headers),
    prepare,
    path,
    limits: { page, most, bytes: BYTES },
    told,
    stopped,
  });
  const at = new Date();
  const files = exported(found, { format, asked, path, at, endpoint: location.origin + config.endpoint });
  const name = `${path.at(-1)}-${at.toISOString().slice(0, 19).replace(/[^0-9]/g, '')}.zip`;
  saved(zipped(files, at), name);
  return { ...found, name, proofs: found.rows.filter(({ proof }) => proof?.bundle).length };
};

const said = ({ name, rows, faults, proofs, complete, reason }) =>
  [
    `${name}: ${rows.length} rows, ${proofs} with proof.`,
    complete ? 'Nothing is left out.' : `More is there: ended at ${reason}.`,
    ...(faults.length ? [`Fields are empty for ${faults.length} errors, such as: ${faults[0]}`] : []),
  ].join(' ');

const Choice = ({ label, value, set, options }) => (
  <label>
    {label}{' '}
    <select value={value} onChange={(event) => set(event.target.value)}>
      {options.map(([each, title]) => (
        <option key={each} value={each}>
          {title}
        </option>
      ))}
    </select>
  </label>
);

const Count = ({ label, value, set, most }) => (
  <label>
    {label}{' '}
    <input
      type="number"
      min="1"
      max={most}
      required
      value={value}
      onChange={(event) => set(Math.min(most, Math.max(1, Math.floor(Number(event.target.value)) || 1)))}
    />
  </label>
);

const useExport = (asked) => {
  const schema = useGraphiQL((state) => state.schema);
  const [status, setStatus] = useState({ running: false, text: '' });
  const stop = useRef(false);
  const start = async (chosen) => {
    stop.current = false;
    setStatus({ running: true, text: 'Asking for the first page' });
    try {
      const told = (count) => setStatus({ running: true, text: `${count} rows` });
      const result = await exportOf({ schema, asked, ...chosen, told, stopped: () => stop.current });
      setStatus({ running: false, text: said(result) });
    } catch (error) {
      setStatus({ running: false, text: error.message, failed: true });
    }
  };
  return { status, start, end: () => (stop.current = true), ready: Boolean(schema) };
};

const Form = ({ asked, paths }) => {
  const [chosen, setChosen] = useState('0');
  const [format, setFormat] = useState('csv');
  const [most, setMost] = useState(1000);
  const [page, setPage] = useState(PAGE.usual);
  const { status, start, end, ready } = useExport(asked);
  const path = paths[Number(chosen)] ?? paths[0];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (status.running) end();
        else start({ path, format, most, page });
      }}
    >
      <Choice label="Connection" value={chosen} set={setChosen} options={paths.map((each, at) => [String(at), each.join('.')])} />
      <Choice label="Rows as" value={format} set={setFormat} options={[['csv', 'CSV'], ['jsonl', 'JSON Lines']]} />
      <Count label="Rows at most" value={most} set={setMost} most={MOST} />
      <Count label="Rows a page" value={page} set={setPage} most={PAGE.most} />
      <button type="submit" className="graphiql-button" disabled={!ready}>
        {status.running ? 'Stop here' : 'Export'}
      </button>
      <p role="status" className={status.failed ? 'export-failed' : undefined}>
        {status.text}
      </p>
    </form>
  );
};

const ExportPanel = () => {
  const asked = useSyncExternalStore(answers.subscribe, answers.read);
  const paths = asked?.query ? connectionsIn(asked.data) : [];
  return (
    <section className="export-panel panel">
      <h2>Export</h2>
      <p>
        One archive of all pages of a connection{config.proofs && ', with the proof bundle of each row'}. It ends at
        the number of rows below, or at 20 MB.
      </p>
      {paths.length ? (
        <Form key={paths.map((each) => each.join('.')).join()} asked={asked} paths={paths} />
      ) : (
        <p>{asked ? 'The last answer has no connection.' : 'Run a query that selects a connection first.'}</p>
      )}
    </section>
  );
};

const Icon = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <path d="M12 4v11M8 11l4 4 4-4M5 19h14" />
  </svg>
);

export const exportPlugin = { title: 'Export', icon: Icon, content: ExportPanel };

import { useEffect, useSyncExternalStore } from 'react';
import { plans } from './plans.js';

const sized = (bytes) =>
  bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

const facts = (fetch) =>
  [
    `${fetch.tookMs.toFixed(1)} ms`,
    sized(fetch.bytes),
    fetch.cost && `cost ${fetch.cost.actual}, estimated ${fetch.cost.estimated}`,
    fetch.representations > 0 && `${fetch.representations} entities`,
    fetch.fault ?? (fetch.errors > 0 && `${fetch.errors} errors`),
  ].filter(Boolean);

const Fetch = ({ fetch, whole }) => {
  const share = (ms) => `${(100 * ms) / whole}%`;
  return (
    <li className={fetch.errors ? 'plan-fetch plan-ill' : 'plan-fetch'}>
      <details>
        <summary>
          <b>{fetch.subgraph}</b> {facts(fetch).join(' · ')}
          <span className="plan-line">
            <span
              className="plan-bar"
              style={{ marginLeft: share(fetch.startMs), width: share(fetch.tookMs) }}
            />
          </span>
        </summary>
        <pre>{fetch.document}</pre>
      </details>
    </li>
  );
};

const Run = ({ run }) => {
  if (!run.plan) {
    return <p>The gateway showed no plan of {run.operation}: it shows them to callers who may see them.</p>;
  }
  const { fetches, text } = run.plan;
  const whole = Math.max(...fetches.map((each) => each.startMs + each.tookMs), 0.001);
  const bytes = fetches.reduce((sum, each) => sum + each.bytes, 0);
  return (
    <>
      <p className="plan-total">
        <b>{run.operation}</b> {fetches.length} fetches · {whole.toFixed(1)} ms · {sized(bytes)}
        {run.cost && ` · cost ${run.cost.actual}, estimated ${run.cost.estimated}`}
      </p>
      <ol>
        {fetches.map((fetch, index) => (
          <Fetch key={index} fetch={fetch} whole={whole} />
        ))}
      </ol>
      <pre>{text}</pre>
    </>
  );
};

const PlanPanel = () => {
  const run = useSyncExternalStore(plans.subscribe, plans.read);
  useEffect(() => plans.watch(), []);
  return (
    <section className="plan-panel">
      <h2>Plan</h2>
      {run ? <Run run={run} /> : <p>Run a query or a mutation while this panel is open.</p>}
    </section>
  );
};

const Icon = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <path d="M4 6h8M8 12h9M12 18h8" />
  </svg>
);

export const planPlugin = { title: 'Plan', icon: Icon, content: PlanPanel };

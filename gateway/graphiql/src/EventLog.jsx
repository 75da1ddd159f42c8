import { useGraphiQL } from '@graphiql/react';
import { useState, useSyncExternalStore } from 'react';
import { answers } from './answers.js';
import { config } from './config.js';
import { eventLog } from './events.js';
import { openPanel } from './opening.js';
import { canProve, proofNow } from './proving.js';
import { summaryOf } from './summary.js';

const time = (at) =>
  `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`;

const behind = (lag) => (lag === 0 ? 'up to date' : `${lag} behind`);

const MARKS = {
  repeat: () => 'repeat: this position was heard before',
  gap: ({ missed: [from, to] }) => `gap: ${from === to ? `${from} is` : `${from} to ${to} are`} missing`,
};

const Place = ({ place }) => (
  <span className="event-place">
    position <b>{place.sequence}</b>
    {place.lag !== null && ', '}
    {place.lag !== null && <span className={place.lag ? 'event-late' : undefined}>{behind(place.lag)}</span>}
    {place.mark && <strong className="event-mark">{MARKS[place.mark](place)}</strong>}
  </span>
);

const stateOf = (proof) => {
  if (proof.verified === false) return 'does not verify';
  return proof.anchorState ?? (proof.bundle ? 'proved' : 'a leaf hash only');
};

// What the frame said of its proof, and what a later look has found.
const ProofState = ({ entry }) => {
  const schema = useGraphiQL((state) => state.schema);
  const [fault, setFault] = useState(null);
  const { id, proof } = entry.proved;
  const show = async () => {
    try {
      const asked = id && canProve(schema) ? await proofNow(schema, id, entry.headers) : null;
      if (asked) eventLog.proved(entry.number, asked.data.node.chainProof);
      answers.write(asked ?? { operation: entry.operation, data: entry.payload.data });
      openPanel('Proof');
    } catch (error) {
      setFault(error.message);
    }
  };
  return (
    <span className="event-proof">
      proof <b>{stateOf(proof)}</b>
      {entry.now && (
        <>
          {' '}now <b>{stateOf(entry.now)}</b>
        </>
      )}
      {config.proofs && (
        <button type="button" onClick={show} aria-label={`Check the proof of event ${entry.number}`}>
          check
        </button>
      )}
      {fault && <em role="alert">{fault}</em>}
    </span>
  );
};

const IN_PLACE = new Set(['sequence', 'headSequence', 'prevSequence']);

const factsOf = ({ payload, place }) =>
  summaryOf(payload).filter(([name]) => !Number.isInteger(place?.sequence) || !IN_PLACE.has(name));

const Entry = ({ entry }) => (
  <li className={`event event-${entry.kind}${entry.place?.mark ? ` event-${entry.place.mark}` : ''}`}>
    <details>
      <summary>
        <span className="event-head">
          <span className="event-number">{entry.number}</span> {time(entry.at)} <b>{entry.kind}</b>
          {entry.kind === 'started' && ` ${entry.operation ?? 'subscription'}`}
          {entry.beats > 1 && ` × ${entry.beats}`}
        </span>
        {Number.isInteger(entry.place?.sequence) && <Place place={entry.place} />}
        <span className="event-facts">
          {factsOf(entry).map(([name, value]) => (
            <span key={name}>
              {name} <b>{value}</b>
            </span>
          ))}
        </span>
      </summary>
      {entry.payload && <pre tabIndex={0}>{JSON.stringify(entry.payload, null, 2)}</pre>}
    </details>
    {entry.proved && <ProofState entry={entry} />}
  </li>
);

const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

// Where the newest run stands, in one line that screen readers are told of.
const Standing = ({ entries }) => {
  const run = entries[0]?.run;
  const frames = entries.filter((each) => each.run === run && Number.isInteger(each.place?.sequence));
  if (!frames.length) return null;
  const position = Math.max(...frames.map((each) => each.place.sequence));
  const marked = (mark) => frames.filter((each) => each.place.mark === mark).length;
  const events = frames.filter((each) => !each.heartbeat).length;
  return (
    <p className="event-standing" role="status">
      Position <b>{position}</b>
      {frames[0].place.lag !== null && `, ${behind(frames[0].place.lag)}`}: {counted(events, 'event')},{' '}
      {frames[0].place.watchesGaps ? counted(marked('gap'), 'gap') : 'gaps unseen (select prevSequence)'},{' '}
      {counted(marked('repeat'), 'repeat')}
    </p>
  );
};

const EventLog = () => {
  const entries = useSyncExternalStore(eventLog.subscribe, eventLog.read);
  return (
    <section className="event-log panel">
      <header>
        <h2>Events</h2>
        <button type="button" className="graphiql-button" onClick={eventLog.clear}>
          Clear
        </button>
      </header>
      <Standing entries={entries} />
      {entries.length === 0 && (
        <p>
          Run a subscription: its last 200 events are listed here. It ends when you leave its tab,
          so cause changes in another window.
        </p>
      )}
      <ol>
        {entries.map((entry) => (
          <Entry key={entry.number} entry={entry} />
        ))}
      </ol>
    </section>
  );
};

const Icon = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <path d="M4 6h10M4 12h16M4 18h7" />
    <circle cx="19" cy="6" r="2" />
  </svg>
);

export const eventLogPlugin = { title: 'Events', icon: Icon, content: EventLog };

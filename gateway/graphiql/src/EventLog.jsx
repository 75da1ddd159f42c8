import { useSyncExternalStore } from 'react';
import { eventLog } from './events.js';
import { summaryOf } from './summary.js';

const time = (at) =>
  `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`;

const Entry = ({ entry }) => (
  <li className={`event event-${entry.kind}`}>
    <details>
      <summary>
        <span className="event-head">
          <span className="event-number">{entry.number}</span> {time(entry.at)} <b>{entry.kind}</b>
          {entry.kind === 'started' && ` ${entry.operation}`}
        </span>
        <span className="event-facts">
          {summaryOf(entry.payload).map(([name, value]) => (
            <span key={name}>
              {name} <b>{value}</b>
            </span>
          ))}
        </span>
      </summary>
      {entry.payload && <pre>{JSON.stringify(entry.payload, null, 2)}</pre>}
    </details>
  </li>
);

const EventLog = () => {
  const entries = useSyncExternalStore(eventLog.subscribe, eventLog.read);
  return (
    <section className="event-log">
      <header>
        <h2>Events</h2>
        <button type="button" className="graphiql-button" onClick={eventLog.clear}>
          Clear
        </button>
      </header>
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

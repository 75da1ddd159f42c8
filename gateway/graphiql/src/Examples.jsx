import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { config, headersOf, personaNamed } from './config.js';

// More tabs than a tab bar can show: here they stand in order, each with its sentence.
const REMARK = /^#\s*(title|persona):/;

const sentence = (query) => {
  const lines = query.split('\n');
  const comments = lines.slice(0, lines.findIndex((line) => !line.startsWith('#')));
  return comments.filter((line) => !REMARK.test(line)).map((line) => line.replace(/^#\s*/, '')).join(' ');
};

const operationOf = (query) => /^(?:query|mutation|subscription)\s+(\w+)/m.exec(query)?.[1];

const Example = ({ example, index, active, open }) => (
  <li>
    <button type="button" aria-current={active} onClick={() => open(example)}>
      <b>
        {index + 1}. {example.title}
      </b>
      {example.persona && (
        <span className="example-persona">{personaNamed(example.persona)?.title ?? example.persona}</span>
      )}
      <span>{sentence(example.query)}</span>
    </button>
  </li>
);

const Examples = () => {
  const tabs = useGraphiQL((state) => state.tabs);
  const current = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.operationName);
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const { addTab, changeTab } = useGraphiQLActions();
  const open = (example) => {
    const index = tabs.findIndex((tab) => tab.operationName === operationOf(example.query));
    if (index >= 0) return changeTab(index);
    addTab();
    queryEditor?.setValue(example.query);
    variableEditor?.setValue(example.variables || '');
    headerEditor?.setValue(headersOf(personaNamed(example.persona)));
  };
  return (
    <section className="examples">
      <h2>Examples</h2>
      {config.tabs.length === 0 && <p>This gateway was given none.</p>}
      <ol>
        {config.tabs.map((example, index) => (
          <Example
            key={example.name ?? example.title}
            example={example}
            index={index}
            active={operationOf(example.query) === current}
            open={open}
          />
        ))}
      </ol>
    </section>
  );
};

const Icon = () => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
    <path d="M9 6h11M9 12h11M9 18h11" />
    <path d="M4 5l1-.5V8M4 11h1.5L4 13.5h2M4 16.5h2L5 18l1 1.5H4" strokeWidth="1" />
  </svg>
);

export const examplesPlugin = { title: 'Examples', icon: Icon, content: Examples };

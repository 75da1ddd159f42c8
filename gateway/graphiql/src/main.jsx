import 'graphiql/setup-workers/vite';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { Conduct } from './Conduct.jsx';
import { config, defaultTabs } from './config.js';
import { eventLogPlugin } from './EventLog.jsx';
import { examplesPlugin } from './Examples.jsx';
import { exportPlugin } from './ExportPanel.jsx';
import { fetcher } from './fetcher.js';
import { PersonaPicker } from './PersonaPicker.jsx';
import { planPlugin } from './PlanPanel.jsx';
import { proofPlugin } from './ProofPanel.jsx';
import { storage } from './storage.js';
import 'graphiql/style.css';
import './page.css';

const plugins = [
  HISTORY_PLUGIN,
  examplesPlugin,
  eventLogPlugin,
  ...(config.proofs ? [proofPlugin] : []),
  exportPlugin,
  ...(config.plan ? [planPlugin] : []),
];

createRoot(document.getElementById('root')).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={defaultTabs.length ? defaultTabs : undefined}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    plugins={plugins}
  >
    <GraphiQL.Logo>
      <Conduct />
      <PersonaPicker />
      <span className="name">CredGraph</span>
    </GraphiQL.Logo>
  </GraphiQL>,
);

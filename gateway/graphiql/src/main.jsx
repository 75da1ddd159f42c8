import 'graphiql/setup-workers/vite';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { Conduct } from './Conduct.jsx';
import { config, defaultTabs } from './config.js';
import { eventLogPlugin } from './EventLog.jsx';
import { examplesPlugin } from './Examples.jsx';
import { fetcher } from './fetcher.js';
import { PersonaPicker } from './PersonaPicker.jsx';
import { planPlugin } from './PlanPanel.jsx';
import { storage } from './storage.js';
import 'graphiql/style.css';
import './page.css';

createRoot(document.getElementById('root')).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={defaultTabs.length ? defaultTabs : undefined}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    plugins={[HISTORY_PLUGIN, examplesPlugin, eventLogPlugin, ...(config.plan ? [planPlugin] : [])]}
  >
    <GraphiQL.Logo>
      <Conduct />
      <PersonaPicker />
      <span className="name">CredGraph</span>
    </GraphiQL.Logo>
  </GraphiQL>,
);

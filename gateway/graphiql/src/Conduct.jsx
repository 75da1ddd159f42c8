import { useGraphiQL } from '@graphiql/react';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { eventLogPlugin } from './EventLog.jsx';
import { eventLog } from './events.js';
import { openPanel } from './opening.js';

// How the page behaves beyond what GraphiQL does by itself. It draws nothing.

const useWrappedLines = () => {
  const editor = useGraphiQL((state) => state.queryEditor);
  useEffect(() => editor?.updateOptions({ wordWrap: 'on', wrappingIndent: 'indent' }), [editor]);
};

const useActiveTabInSight = () => {
  const id = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const plugin = useGraphiQL((state) => state.visiblePlugin);
  useEffect(() => {
    const tab = document.querySelector('.graphiql-tab-active');
    const soon = requestAnimationFrame(() => tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
    return () => cancelAnimationFrame(soon);
  }, [id, plugin]);
};

// GraphiQL's own result shows the latest event only, so the list is opened with the first
// subscription; whoever has closed it since is not asked again.
const useEventLogAtFirstSubscription = () => {
  const events = useSyncExternalStore(eventLog.subscribe, eventLog.read).length;
  const done = useRef(false);
  useEffect(() => {
    if (!events || done.current) return;
    done.current = true;
    openPanel(eventLogPlugin.title);
  }, [events]);
};

export const Conduct = () => {
  useWrappedLines();
  useActiveTabInSight();
  useEventLogAtFirstSubscription();
  return null;
};

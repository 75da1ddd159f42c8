import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';
import { config, headersOf, personaNamed } from './config.js';
import { storage } from './storage.js';

const authorization = (text) => {
  try {
    return JSON.parse(text || '{}').Authorization ?? '';
  } catch {
    return null;
  }
};

const withPersona = (text, persona) => {
  let headers = {};
  try {
    headers = JSON.parse(text || '{}');
  } catch {
    // What can't be read can't be kept: the token is what was asked for.
  }
  delete headers.Authorization;
  if (persona) headers.Authorization = `Bearer ${persona.token}`;
  return Object.keys(headers).length ? JSON.stringify(headers, null, 2) : '';
};

// Whose token a tab starts with: as picked in it, else as its example says.
const personaOf = (tab) => {
  const picked = storage.getItem(`persona:${tab.id}`);
  return personaNamed(picked ?? config.tabs.find((each) => each.query === tab.query)?.persona);
};

// GraphiQL fills only the query of its first tab, and headers are never stored: after a reload a
// tab gets its token anew. The tab is told as well: its editors may not be listened to yet.
const useFilledEditors = (tab, headers, variables) => {
  const { updateActiveTabValues } = useGraphiQLActions();
  useEffect(() => {
    if (!tab || !headers || !variables) return;
    if (tab.variables && !variables.getValue()) variables.setValue(tab.variables);
    const text = tab.headers || headersOf(personaOf(tab));
    if (text && !headers.getValue()) {
      headers.setValue(text);
      updateActiveTabValues({ headers: text });
    }
  }, [tab?.id, headers, variables]);
};

const expired = (persona) => persona.expiresAt && persona.expiresAt * 1000 < Date.now();

export const PersonaPicker = () => {
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]);
  const editor = useGraphiQL((state) => state.headerEditor);
  useFilledEditors(
    tab,
    editor,
    useGraphiQL((state) => state.variableEditor),
  );
  const bearer = authorization(tab?.headers);
  const current = config.personas.find((each) => bearer === `Bearer ${each.token}`);
  const pick = (event) => {
    storage.setItem(`persona:${tab.id}`, event.target.value);
    editor?.setValue(withPersona(editor.getValue(), personaNamed(event.target.value)));
  };
  if (!config.demo || config.personas.length === 0) return null;
  return (
    <label className="persona-picker">
      as{' '}
      <select value={current?.name ?? (bearer ? '?' : '')} onChange={pick} disabled={!editor}>
        <option value="">nobody</option>
        {bearer && !current && <option value="?">own token</option>}
        {config.personas.map((each) => (
          <option key={each.name} value={each.name}>
            {each.title || each.name}
            {expired(each) ? ' (expired: reload the page)' : ''}
          </option>
        ))}
      </select>
    </label>
  );
};

import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';
import { config, headersOf, personaNamed } from './config.js';

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

const personaOfExample = (query) =>
  personaNamed(config.tabs.find((tab) => tab.query === query)?.persona);

// Headers are never stored, so a tab that comes back after a reload gets its token anew.
const useTokenOfTab = (tab, editor) => {
  useEffect(() => {
    if (!editor || !tab || tab.headers || editor.getValue()) return;
    const persona = personaOfExample(tab.query);
    if (persona) editor.setValue(headersOf(persona));
  }, [tab?.id, editor]);
};

const expired = (persona) => persona.expiresAt && persona.expiresAt * 1000 < Date.now();

export const PersonaPicker = () => {
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]);
  const editor = useGraphiQL((state) => state.headerEditor);
  useTokenOfTab(tab, editor);
  const bearer = authorization(tab?.headers);
  const current = config.personas.find((each) => bearer === `Bearer ${each.token}`);
  const pick = (event) => {
    editor?.setValue(withPersona(editor.getValue(), personaNamed(event.target.value)));
  };
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

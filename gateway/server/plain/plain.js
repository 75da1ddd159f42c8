"use strict";
const config = JSON.parse(document.getElementById("config").textContent);
const at = (id) => document.getElementById(id);
const tabs = config.tabs || [];
const personas = config.personas || [];

function option(select, value, text) {
  const item = document.createElement("option");
  item.value = value;
  item.textContent = text;
  select.append(item);
}

tabs.forEach((tab, index) => option(at("tab"), index, tab.title));
option(at("persona"), "", "nobody");
personas.forEach((persona) => option(at("persona"), persona.name, persona.title));

function show(tab) {
  at("query").value = tab.query;
  at("variables").value = tab.variables;
  at("persona").value = tab.persona || "";
}

async function run() {
  const persona = personas.find((one) => one.name === at("persona").value);
  const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
  if (persona) headers.authorization = `Bearer ${persona.token}`;
  try {
    const variables = at("variables").value.trim();
    const body = { query: at("query").value, variables: variables ? JSON.parse(variables) : {} };
    const answer = await fetch(config.endpoint, { method: "POST", headers, body: JSON.stringify(body) });
    at("result").textContent = JSON.stringify(await answer.json(), null, 2);
  } catch (error) {
    at("result").textContent = String(error);
  }
}

at("tab").addEventListener("change", () => show(tabs[at("tab").value]));
at("run").addEventListener("click", run);
if (tabs.length) show(tabs[0]);

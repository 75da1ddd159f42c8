// Reads [{supergraph, operations}] from stdin, writes [[{hive, apollo}]]: fetches, or null.
import { readFileSync } from "node:fs";
import { QueryPlanner as Hive } from "@graphql-hive/router-query-planner";
import { QueryPlanner as Apollo } from "@apollo/query-planner";
import { Supergraph, parseOperation } from "@apollo/federation-internals";

const BELOW = ["node", "primary", "rest", "ifClause", "elseClause"];

function fetches(node) {
  if (!node) return 0;
  const here = node.kind === "Fetch" || node.kind === "BatchFetch" ? 1 : 0;
  const below = BELOW.map((name) => node[name]).filter((each) => each?.kind);
  return [...below, ...(node.nodes ?? [])].reduce((sum, each) => sum + fetches(each), here);
}

function attempt(work) {
  try {
    return work();
  } catch {
    return null;
  }
}

const answers = JSON.parse(readFileSync(0, "utf8")).map(({ supergraph, operations }) => {
  const hive = attempt(() => new Hive(supergraph));
  const graph = attempt(() => Supergraph.build(supergraph));
  const apollo = graph && attempt(() => new Apollo(graph, {}));
  return operations.map((operation) => ({
    hive: hive && attempt(() => fetches(hive.plan(operation, null, new Set(), 0).node)),
    apollo: apollo && attempt(() => fetches(
      apollo.buildQueryPlan(parseOperation(graph.apiSchema(), operation)).node)),
  }));
});
process.stdout.write(JSON.stringify(answers));

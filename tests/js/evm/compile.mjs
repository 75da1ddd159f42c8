// Standard input: a standard-JSON request of solc; standard output: its answer.
import { readFileSync } from "node:fs";
import solc from "solc";

const answer = solc.compile(readFileSync(0, "utf8"));
process.stdout.write(answer);

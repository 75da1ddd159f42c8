// Standard input: {chains: [...], cases: [{kind, evidence, chain}]}; a line for each case.
import { readFileSync } from "node:fs";
import { BadProof, checkEvm, readEvmChain } from "../../../ledger_adapter/js/verify.mjs";

const { chains, cases } = JSON.parse(readFileSync(0, "utf8"));
const read = chains.map(readEvmChain);
const hex = (raw) => Buffer.from(raw).toString("hex");
for (const { kind, evidence, chain } of cases) {
  try {
    const found = checkEvm(kind, evidence, read[chain]);
    console.log(["ok", hex(found.logId), found.treeSize, hex(found.root), found.blockNumber,
      hex(found.blockHash), found.blockTime, found.consensus].join(" "));
  } catch (fault) {
    console.log(fault instanceof BadProof ? `refused ${fault.reason}` : `CRASH ${fault.stack}`);
  }
}

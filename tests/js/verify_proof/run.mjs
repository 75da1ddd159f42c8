// Checks many proofs in one go: {trust, proofs: [base64]} on stdin, one verdict a line on stdout.
import { readFileSync } from "node:fs";
import { BadProof, parseTrust, verifyBundle } from "../../../ledger_adapter/js/verify.mjs";

const { trust, proofs } = JSON.parse(readFileSync(0, "utf8"));
const parsed = await parseTrust(trust);
for (const proof of proofs) {
  try {
    console.log(`ok ${(await verifyBundle(new Uint8Array(Buffer.from(proof, "base64")), parsed)).trust}`);
  } catch (fault) {
    console.log(fault instanceof BadProof ? `refused ${fault.step}` : `crashed ${fault.stack}`);
  }
}

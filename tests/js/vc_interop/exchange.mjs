// Reads {"sign": [...], "verify": [...]} from stdin; signs and verifies with the public suite.
import {readFileSync} from 'node:fs';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {
  createSignCryptosuite, createVerifyCryptosuite
} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';

const purpose = {update: async proof => ({...proof, proofPurpose: 'assertionMethod'})};

async function sign({document, created, key}) {
  const pair = await Ed25519Multikey.from(key);
  const suite = new DataIntegrityProof({
    signer: pair.signer(), date: created, cryptosuite: createSignCryptosuite()
  });
  return {...document, proof: await suite.createProof({document, purpose})};
}

async function verify({document, method}) {
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  const {proof, ...body} = document;
  const documentLoader = async () => ({document: method});
  const {verified} = await suite.verifyProof({proof, document: body, documentLoader});
  return verified;
}

const asked = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify({
  signed: await Promise.all(asked.sign.map(sign)),
  verified: await Promise.all(asked.verify.map(verify))
}));

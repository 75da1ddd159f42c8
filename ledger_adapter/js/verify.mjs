// The offline check of a CredGraph proof bundle, for web pages and Node: one file, no dependency.
//
//   import { verifyBundle } from "./verify.mjs";
//   const verdict = await verifyBundle(proofBytes, trustJsonText);   // throws BadProof
//   node verify.mjs proof.json trust.json
//
// It checks what ledger_adapter/verify.py checks, and refuses what that refuses. Laws: no network,
// no clock; whom to trust comes from the trust file; everything is read strictly and within bounds
// before any cryptography. SM2 here only verifies: nothing in this file is secret, so its big
// integers need not be constant-time.

const MAX_BUNDLE = 65536;
const MAX_PATH = 64;
const MAX_NOTE = 16384;
const MAX_SIGNATURES = 32;
const MAX_SIZE = 2n ** 63n - 1n;
const MAX_TIME = 253402300799n;
const KEYS = ["anchorState", "anchors", "checkpoint", "entry", "leafHash", "leafIndex", "log",
  "opening", "path", "treeSize", "trust", "type", "version"];
const ED25519_TYPE = new Uint8Array([1]);
const LOG_TYPE = concat([0xff], utf8("credgraph.dev/sm2-sm3/v1"));
const WITNESS_TYPE = concat([0xff], utf8("credgraph.dev/sm2-sm3-cosignature/v1"));

export class BadProof extends Error {
  constructor(step, reason) {
    super(`${step}: ${reason}`);
    this.name = "BadProof";
    this.step = step;
    this.reason = reason;
  }
}

/** The trust file cannot be used; never the proof's fault. */
export class BadTrust extends Error {}

// -- the check

/** `trusted` is the text of trust.json, or what `parseTrust` made of it; `passed` hears of each
 *  step that holds, in order: bundle, log, commit, leaf, path, checkpoint, witness, anchor, trust. */
export async function verifyBundle(raw, trusted, passed = () => {}) {
  const trust = typeof trusted === "string" ? await parseTrust(trusted) : trusted;
  const bundle = decodeBundle(typeof raw === "string" ? utf8(raw) : raw);
  passed("bundle");
  const log = trust.logs.find((known) => known.origin === bundle.origin);
  demand(log, "log", "the trust file does not name this log");
  demand(same(bundle.logId, log.id), "log", "log id is not that of the configured log");
  demand(bundle.hash === log.hash, "log", "another hash than the configured log uses");
  demand(bundle.origin.endsWith("/" + bundle.shard), "log", "shard is not that of the origin");
  passed("log");
  const hash = hashing(bundle.hash);
  const entry = await checkInside(bundle, hash, passed);
  await checkSignatures(bundle, log);
  passed("checkpoint");
  const witnesses = checkWitnesses(bundle, trust);
  passed("witness");
  const anchors = await checkAnchors(bundle, trust, hash);
  passed("anchor");
  const claimed = strongest(bundle.anchors.map((anchor) => LABELS[anchor.kind]),
    bundle.cosigners.length);
  const state = bundle.anchors.length ? "FINAL" : "CHECKPOINTED";
  demand(bundle.trust === claimed && bundle.anchorState === state, "trust",
    "the bundle does not claim what its evidence shows");
  passed("trust");
  return {
    trust: strongest(anchors.map((anchor) => anchor.label), witnesses.length),
    witnesses,
    anchors,
    kind: entry.kind,
    leafIndex: String(bundle.leafIndex),
    treeSize: String(bundle.treeSize),
    origin: bundle.origin,
    time: bundle.checkpoint.time,
    envelope: bundle.opening ? bundle.opening.envelope : null,
  };
}

/** The steps bundle, commit, leaf and path, for which nobody need be trusted. They show that a
 *  bundle is whole, not who made it: without a trust file anybody can have. */
export async function checkWhole(raw, passed = () => {}) {
  const bundle = decodeBundle(typeof raw === "string" ? utf8(raw) : raw);
  passed("bundle");
  await checkInside(bundle, hashing(bundle.hash), passed);
}

async function checkInside(bundle, hash, passed) {
  const entry = decodeEntry(bundle.entry);
  checkCommitment(bundle, entry);
  passed("commit");
  demand(same(await hash.leaf(bundle.entry), bundle.leafHash), "leaf", "not the entry's hash");
  passed("leaf");
  await checkPath(bundle, hash);
  passed("path");
  return entry;
}

function checkCommitment(bundle, entry) {
  if (bundle.opening === null) return;
  const { envelope, salt } = bundle.opening;
  demand(envelope.kind === entry.kind, "commit", "envelope and entry are of different kinds");
  const message = concat(lp(bundle.logId), lp(utf8(entry.kind)), sm3(utf8(canonical(envelope))));
  demand(same(hmacSm3(salt, message), entry.commit), "commit", "the commitment is not opened");
}

async function checkPath(bundle, hash) {
  demand(bundle.treeSize === bundle.checkpoint.size, "path", "size is not the checkpoint's");
  demand(bundle.leafIndex < bundle.treeSize, "path", "the leaf is not in the tree");
  const { top, fault } = await climb(hash, bundle);
  demand(fault === null, "path", fault);
  demand(same(top, bundle.checkpoint.root), "path", "does not lead to the checkpoint's root");
}

/** RFC 9162, 2.1.3.2: from the leaf up, each sibling with its side and what both hash to. */
async function climb(hash, { leafIndex, treeSize, leafHash, path }) {
  let node = leafIndex, last = treeSize - 1n, top = leafHash;
  const steps = [];
  for (const sibling of path) {
    if (last === 0n) return { steps, top, fault: "longer than the tree is high" };
    const left = Boolean(node & 1n) || node === last;
    top = await (left ? hash.node(sibling, top) : hash.node(top, sibling));
    while (left && node && !(node & 1n)) [node, last] = [node >> 1n, last >> 1n];
    [node, last] = [node >> 1n, last >> 1n];
    steps.push({ sibling, left, node: top });
  }
  return { steps, top, fault: last === 0n ? null : "shorter than the tree is high" };
}

/** The path of a bundle, or of an object with its members leafIndex, treeSize, leafHash, path, root
 *  and hash, as hexadecimal texts for a page that draws it; `fault` says where it leads astray. */
export async function drawPath(given) {
  const proof = typeof given === "string" ? drawable(decodeBundle(utf8(given))) : pathOf(given);
  const inside = proof.leafIndex < proof.treeSize;
  const { steps, top, fault } = inside ? await climb(hashing(proof.hash), proof)
    : { steps: [], top: proof.leafHash, fault: "the leaf is not in the tree" };
  const astray = same(top, proof.root) ? null : "does not lead to the checkpoint's root";
  return {
    leafIndex: String(proof.leafIndex),
    treeSize: String(proof.treeSize),
    leafHash: hex(proof.leafHash),
    steps: steps.map((step) => ({ ...step, sibling: hex(step.sibling), node: hex(step.node) })),
    root: hex(proof.root),
    fault: fault ?? astray,
  };
}

function drawable(bundle) {
  return { ...bundle, root: bundle.checkpoint.root };
}

function pathOf({ leafIndex, treeSize, leafHash, path, root, hash }) {
  demand(Array.isArray(path) && path.length <= MAX_PATH, "path", "not a list of hashes");
  return {
    hash,
    leafIndex: decimal(text(leafIndex, "leafIndex"), "leafIndex"),
    treeSize: decimal(text(treeSize, "treeSize"), "treeSize"),
    leafHash: hash32(leafHash, "leafHash"),
    path: path.map((node) => hash32(node, "path")),
    root: hash32(root, "checkpoint"),
  };
}

async function checkSignatures(bundle, log) {
  const { checkpoint } = bundle;
  demand(checkpoint.origin === log.origin && checkpoint.hash === log.hash, "checkpoint",
    "checkpoint is of another log");
  let signers = 0;
  for (const line of checkpoint.signatures) {
    for (const key of log.keys) {
      if (line.name !== log.origin || line.keyId !== key.keyId) continue;
      const within = key.from <= checkpoint.size && (key.to === null || checkpoint.size < key.to);
      demand(within, "checkpoint", "the key may not sign this tree size");
      const holds = key.ed25519 ? await ed25519Verify(key.ed25519, checkpoint.body, line.value)
        : sm2Verify(key.point, checkpoint.body, line.value);
      demand(holds, "checkpoint", "signature does not hold");
      signers += 1;
    }
  }
  demand(signers, "checkpoint", "no signature by a configured key");
}

function checkWitnesses(bundle, trust) {
  const names = [];
  for (const line of bundle.checkpoint.signatures) {
    const witness = line.cosignature && trust.witnesses.find((w) => w.keyId === line.keyId);
    if (!witness) continue;
    demand(witness.name === line.name && !names.includes(witness.name), "witness",
      "the line is not as it must be");
    const time = bigint(line.value.slice(0, 8));
    demand(0n < time && time <= MAX_TIME, "witness", "not a cosignature");
    const message = concat(utf8(`cosignature/v1\ntime ${time}\n`), bundle.checkpoint.body);
    demand(sm2Verify(witness.point, message, line.value.slice(8)), "witness",
      "cosignature does not hold");
    names.push(witness.name);
  }
  demand(names.length >= trust.needed, "witness",
    `${trust.needed} witnesses are demanded, ${names.length} have signed`);
  return names;
}

// -- anchors: what stands on chains

const LABELS = { EMBEDDED_BLOCK: "WITNESSED", RECEIPT_MPT: "CONSENSUS", STORAGE_MPT: "CONSENSUS",
  READ_QUORUM: "SELF" };

function strongest(labels, cosigned) {
  if (labels.includes("CONSENSUS")) return "CONSENSUS";
  return cosigned || labels.includes("WITNESSED") ? "WITNESSED" : "SELF";
}

/** A trust file without chains looks at no anchor; one with chains must name every anchor's. */
async function checkAnchors(bundle, trust, hash) {
  demand(bundle.anchors.every((anchor) => Object.hasOwn(LABELS, anchor.kind)), "anchor",
    "this verifier does not know such evidence");
  if (trust.chains === null) return [];
  const found = [];
  for (const anchor of bundle.anchors) {
    const chain = trust.chains.find((known) => known.id === anchor.chain);
    demand(chain, "anchor", "the trust file does not name this chain");
    demand(!found.some((other) => other.chain === anchor.chain), "anchor", "two on one chain");
    demand(chain.kind === (anchor.kind === "EMBEDDED_BLOCK" ? "EMBEDDED" : "EVM"), "anchor",
      "such a chain has no evidence of this kind");
    const head = chain.kind === "EVM" ? evmHead(anchor, chain.evm)
      : checkBlock(anchor.evidence, chain);
    demand(same(head.logId, bundle.logId), "anchor", "the head is of another log");
    demand(bundle.leafIndex < head.size, "anchor", "the head does not cover the entry");
    await checkConsistency(hash, head, bundle.checkpoint, anchor.consistency);
    found.push({ chain: anchor.chain, block: String(head.block), label: LABELS[anchor.kind] });
  }
  demand(found.length >= trust.anchorsNeeded, "anchor", "too few anchors");
  return found;
}

function evmHead(anchor, chain) {
  const found = checkEvm(anchor.kind, anchor.evidence, chain);
  return { logId: found.logId, size: found.treeSize, root: found.root, block: found.blockNumber };
}

function checkBlock(evidence, chain) {
  members(evidence, ["block", "votes"], "anchor");
  const block = parseBlock(evidence.block);
  demand(block.chain === chain.id && block.height >= 1n, "anchor", "of another chain");
  const votes = listOf(evidence.votes, 32);
  for (const vote of votes) members(vote, ["voter", "value"], "anchor");
  demand(votes.length && votes[0].voter === block.proposer, "anchor", "the seal is not first");
  demand(new Set(votes.map((vote) => vote.voter)).size === votes.length, "anchor", "voted twice");
  demand(votes.length >= chain.quorum, "anchor", "too few votes");
  const digest = sm3(utf8(canonical(evidence.block)));
  const message = concat(utf8("credgraph.dev/block-vote/v1\n"), digest);
  for (const vote of votes) {
    const voter = chain.voters.find((known) => known.name === vote.voter);
    const value = fromBase64url(vote.value, "anchor");
    demand(voter && sm2Verify(voter.point, message, value), "anchor", "a vote does not hold");
  }
  return { ...block.head, block: block.height };
}

function parseBlock(value) {
  members(value, ["chain", "height", "epoch", "proposer", "previous", "time", "head"], "anchor");
  const head = value.head;
  const optional = isObject(head) && "commitments" in head ? ["commitments"] : [];
  members(head, ["logId", "treeSize", "root", "time", "signatures", ...optional], "anchor");
  for (const line of listOf(head.signatures, 4)) {
    members(line, ["keyId", "value"], "anchor");
    text(line.keyId, "anchor");
    fromBase64url(line.value, "anchor");
  }
  if (optional.length) hash32(head.commitments, "anchor");
  decimal(text(value.epoch, "anchor"), "anchor");
  hash32(value.previous, "anchor");
  parseTime(text(head.time, "anchor"));
  return {
    chain: text(value.chain, "anchor"),
    height: decimal(text(value.height, "anchor"), "anchor"),
    proposer: text(value.proposer, "anchor"),
    time: parseTime(text(value.time, "anchor")), // read strictly; the hash covers it
    head: {
      logId: hash32(head.logId, "anchor"),
      size: decimal(text(head.treeSize, "anchor"), "anchor"),
      root: hash32(head.root, "anchor"),
    },
  };
}

/** RFC 9162, 2.1.4.2, whichever of the two heads is the older one. */
async function checkConsistency(hash, one, other, path) {
  const [first, second] = one.size <= other.size ? [one, other] : [other, one];
  if (first.size === second.size) {
    demand(same(first.root, second.root) && !path.length, "anchor", "not the signed head");
    return;
  }
  demand(first.size > 0n && path.length, "consistency", "no proof");
  let node = first.size - 1n, last = second.size - 1n;
  while (node & 1n) [node, last] = [node >> 1n, last >> 1n];
  const whole = (first.size & (first.size - 1n)) === 0n;
  const nodes = whole ? [first.root, ...path] : path;
  let old = nodes[0], fresh = nodes[0];
  for (const sibling of nodes.slice(1)) {
    demand(last !== 0n, "consistency", "longer than the tree is high");
    if (node & 1n || node === last) {
      [old, fresh] = [await hash.node(sibling, old), await hash.node(sibling, fresh)];
      while (node && !(node & 1n)) [node, last] = [node >> 1n, last >> 1n];
    } else {
      fresh = await hash.node(fresh, sibling);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  demand(last === 0n && same(old, first.root) && same(fresh, second.root), "consistency",
    "the second tree does not extend the first");
}

// -- reading a bundle

function decodeBundle(raw) {
  const document = strictJson(raw);
  const optional = "witnesses" in document ? ["witnesses"] : [];
  members(document, [...KEYS, ...optional], "bundle");
  const log = members(document.log, ["id", "origin", "shard", "hash"], "log");
  demand(document.type === "CredGraphChainProof" && document.version === 1, "bundle",
    "unknown type or version");
  const checkpoint = parseNote(text(document.checkpoint, "checkpoint"));
  const cosigners = checkpoint.signatures.filter((s) => s.cosignature).map((s) => s.keyId);
  const listed = "witnesses" in document ? document.witnesses : null;
  const agree = cosigners.length
    ? Array.isArray(listed) && JSON.stringify(listed) === JSON.stringify(cosigners)
    : listed === null;
  demand(agree, "witness", "the list of witnesses is not that of the checkpoint's lines");
  demand(Array.isArray(document.path) && document.path.length <= MAX_PATH, "path",
    "not a list of hashes");
  return {
    anchorState: text(document.anchorState, "anchorState"),
    trust: text(document.trust, "trust"),
    logId: hash32(document.log.id, "log"),
    origin: text(log.origin, "log"),
    shard: text(log.shard, "log"),
    hash: text(log.hash, "log"),
    entry: fromBase64url(document.entry, "entry"),
    leafHash: hash32(document.leafHash, "leafHash"),
    leafIndex: decimal(text(document.leafIndex, "leafIndex"), "leafIndex"),
    treeSize: decimal(text(document.treeSize, "treeSize"), "treeSize"),
    path: document.path.map((node) => hash32(node, "path")),
    checkpoint,
    cosigners,
    anchors: listOf(document.anchors, 4).map(anchorOf),
    opening: opening(document.opening),
  };
}

function anchorOf(value) {
  members(value, ["kind", "chain", "consistency", "evidence"], "anchor");
  demand(isObject(value.evidence), "anchor", "evidence is not an object");
  return {
    kind: text(value.kind, "anchor"),
    chain: text(value.chain, "anchor"),
    consistency: listOf(value.consistency, MAX_PATH).map((node) => hash32(node, "anchor")),
    evidence: value.evidence,
  };
}

function listOf(value, longest) {
  demand(Array.isArray(value) && value.length <= longest, "anchor", "not a list, or too long");
  return value;
}

function opening(value) {
  if (value === null) return null;
  members(value, ["envelope", "salt"], "opening");
  const salt = fromBase64url(value.salt, "opening");
  demand(salt.length === 32, "opening", "a salt has 32 bytes");
  const envelope = members(value.envelope,
    ["eventId", "kind", "subjects", "institutions", "at", "body"], "commit");
  const lists = [envelope.subjects, envelope.institutions];
  demand(lists.every(Array.isArray), "commit", "members are not of their types");
  const texts = [envelope.eventId, envelope.kind, envelope.at, ...lists.flat()];
  demand(texts.every((item) => typeof item === "string") && isObject(envelope.body), "commit",
    "members are not of their types");
  parseTime(envelope.at);
  return { envelope, salt };
}

function decodeEntry(raw) {
  demand(raw.length >= 5 && raw[0] === 1, "entry", "unknown entry version");
  const length = Number(bigint(raw.slice(1, 5)));
  demand(0 < length && length <= 64 && raw.length === 5 + length + 32, "entry", "lengths");
  const kind = raw.slice(5, 5 + length);
  demand(kind.every((byte) => byte < 128), "entry", "kind is not ASCII");
  return { kind: String.fromCharCode(...kind), commit: raw.slice(5 + length) };
}

function strictJson(raw) {
  demand(raw.length <= MAX_BUNDLE, "bundle", `longer than ${MAX_BUNDLE} bytes`);
  const end = raw.at(-1) === 10 ? raw.length - 1 : raw.length;
  let document, canonicalText;
  try {
    document = JSON.parse(decodeUtf8(raw));
    canonicalText = canonical(document);
  } catch {
    throw new BadProof("bundle", "not JSON");
  }
  demand(same(utf8(canonicalText), raw.slice(0, end)), "bundle", "not in canonical form");
  demand(isObject(document), "bundle", "not an object");
  return document;
}

/** RFC 8785. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
    return `{${names.map((name) => `${quoted(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error("not finite");
  return JSON.stringify(value);
}

function quoted(value) {
  encodeURIComponent(value); // throws for a lone surrogate
  return JSON.stringify(value);
}

// -- reading a checkpoint

function parseNote(note) {
  demand(utf8(note).length <= MAX_NOTE, "checkpoint", "note is too long");
  const cut = note.indexOf("\n\n");
  const tail = note.slice(cut + 2);
  demand(cut >= 0 && tail.endsWith("\n"), "checkpoint", "note has no signature lines");
  const lines = tail.slice(0, -1).split("\n");
  demand(lines.length <= MAX_SIGNATURES, "checkpoint", "too many signature lines");
  return { ...parseBody(note.slice(0, cut + 1)), signatures: lines.map(parseSignature) };
}

function parseBody(signed) {
  const lines = signed.split("\n");
  demand(/^[\x00-\x7f]*$/.test(signed) && [6, 7].includes(lines.length) && lines.at(-1) === "",
    "checkpoint", "body is not in its one canonical form");
  demand(/^[A-Za-z0-9._:/-]{1,200}$/.test(lines[0]), "checkpoint", "malformed origin");
  const hash = extension(lines[3], "alg");
  demand(/^[A-Z0-9]{1,16}$/.test(hash), "checkpoint", "malformed hash name");
  if (lines.length === 7) base64Hash(extension(lines[5], "prev"));
  return {
    origin: lines[0],
    size: decimal(lines[1], "checkpoint"),
    root: base64Hash(lines[2]),
    hash,
    time: parseTime(extension(lines[4], "time")),
    body: utf8(signed),
  };
}

function parseSignature(line) {
  const parts = line.split(" ");
  demand(parts.length === 3 && parts[0] === "—" && /^[^\s+]{1,200}$/u.test(parts[1]),
    "checkpoint", "malformed signature line");
  const raw = fromBase64(parts[2], "checkpoint");
  demand(4 < raw.length && raw.length <= 8196, "checkpoint", "no key id and signature");
  return { name: parts[1], keyId: hex(raw.slice(0, 4)), value: raw.slice(4),
    cosignature: raw.length === 4 + 72 };
}

function extension(line, name) {
  demand(line.startsWith(name + " "), "checkpoint", `extension line ${name} is missing`);
  return line.slice(name.length + 1);
}

function parseTime(value) {
  const at = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? new Date(value) : null;
  const exact = at && !Number.isNaN(at.getTime()) && at.toISOString() === value.slice(0, -1) + ".000Z";
  demand(exact, "time", "not a UTC time to the second");
  return value;
}

// -- reading a trust file

export async function parseTrust(source) {
  let file;
  try {
    file = JSON.parse(source);
  } catch {
    throw new BadTrust("the trust file is not JSON");
  }
  try {
    const optional = "chains" in file ? ["chains"] : [];
    members(file, ["version", "logs", "witnesses", "policy", ...optional], "trust");
    demand(file.version === 1, "trust", "of a version this program does not know");
    members(file.policy, "anchors" in file.policy ? ["witnesses", "anchors"] : ["witnesses"], "policy");
    const logs = await Promise.all(file.logs.map(trustedLog));
    const witnesses = await Promise.all(file.witnesses.map(trustedWitness));
    const needed = sizeOf(file.policy.witnesses);
    demand(new Set(logs.map((log) => log.origin)).size === logs.length, "trust", "a log twice");
    demand(new Set(witnesses.map((w) => w.name)).size === witnesses.length, "trust", "twice");
    demand(new Set(file.witnesses.map((w) => w.publicKeyMultibase)).size === witnesses.length,
      "trust", "two witnesses with one key");
    demand(needed <= witnesses.length, "trust", "more witnesses demanded than named");
    const chains = optional.length ? await Promise.all(file.chains.map(trustedChain)) : null;
    const anchorsNeeded = Number(sizeOf(file.policy.anchors ?? 0));
    demand(new Set(chains?.map((chain) => chain.id)).size === (chains ?? []).length, "trust", "twice");
    demand(anchorsNeeded <= (chains ?? []).length, "trust", "more anchors demanded than chains named");
    return { logs, witnesses, needed: Number(needed), chains, anchorsNeeded };
  } catch (fault) {
    throw new BadTrust(`trust file: ${fault.message}`);
  }
}

async function trustedLog(log) {
  members(log, ["origin", "hash", "keys"], "log");
  demand(["SM3", "SHA256"].includes(log.hash) && log.keys.length, "log", "unknown hash, or no key");
  const keys = await Promise.all(log.keys.map(async (key) => {
    members(key, ["keyId", "publicKeyMultibase", "fromSize", "toSize"], "key");
    const found = await logKey(text(log.origin, "log"), key);
    return { ...found, from: sizeOf(key.fromSize), to: key.toSize === null ? null : sizeOf(key.toSize) };
  }));
  demand(keys[0].point, "log", "the first key is no SM2 key");
  return { origin: log.origin, hash: log.hash, keys,
    id: sm3(concat(lp(utf8(log.origin)), lp(keys[0].compressed))) };
}

async function trustedWitness(witness) {
  members(witness, ["name", "keyId", "publicKeyMultibase"], "witness");
  return { name: witness.name, ...await trustedKey(text(witness.name, "witness"), witness, WITNESS_TYPE) };
}

function trustedChain(entry) {
  if (entry.kind === "EVM") return { kind: "EVM", id: entry.chain, evm: readEvmChain(entry) };
  demand(entry.kind === "EMBEDDED", "trust", "this verifier does not know such a chain");
  members(entry, ["kind", "chain", "quorum", "voters"], "chain");
  const voters = entry.voters.map((voter) => {
    members(voter, ["name", "publicKeyMultibase"], "voter");
    const { point } = multikey(text(voter.publicKeyMultibase, "key"));
    return { name: text(voter.name, "voter"), point };
  });
  const count = voters.length;
  demand(new Set(voters.map((voter) => voter.name)).size === count && 0 < count && count <= 32,
    "trust", "voters");
  demand(new Set(entry.voters.map((v) => v.publicKeyMultibase)).size === count, "trust", "voters");
  demand(Number.isSafeInteger(entry.quorum) && count < 2 * entry.quorum && entry.quorum <= count,
    "trust", "a quorum is more than half of the voters");
  const identity = { kind: entry.kind, quorum: entry.quorum, voters: entry.voters };
  const id = "embedded:" + hex(sm3(utf8(canonical(identity)))).slice(0, 16);
  demand(id === entry.chain, "trust", "these voters make another chain");
  return { kind: "EMBEDDED", id, quorum: entry.quorum, voters };
}

function multikey(value) {
  const raw = base58(value);
  demand(raw.length === 35 && raw[0] === 0x86 && raw[1] === 0x24, "key", "not an SM2 Multikey");
  return { compressed: raw.slice(2), point: decompress(raw.slice(2)) };
}

/** SM2, or Ed25519 for the lines beside it. */
async function logKey(name, key) {
  const raw = base58(text(key.publicKeyMultibase, "key"));
  if (!(raw.length === 34 && raw[0] === 0xed && raw[1] === 1)) return trustedKey(name, key, LOG_TYPE);
  const material = concat(utf8(name + "\n"), ED25519_TYPE, raw.slice(2));
  const keyId = hex((await sha256(material)).slice(0, 4));
  demand(keyId === key.keyId, "key", "key id is not that of its key");
  return { keyId, ed25519: raw.slice(2) };
}

async function ed25519Verify(raw, message, signature) {
  try {
    const key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch {
    return false; // no point, or a signature of another length
  }
}

async function trustedKey(name, key, type) {
  const { compressed, point } = multikey(text(key.publicKeyMultibase, "key"));
  const material = concat(utf8(name + "\n"), type, compressed);
  const keyId = hex((await sha256(material)).slice(0, 4));
  demand(keyId === key.keyId, "key", "key id is not that of its key");
  return { keyId, compressed, point };
}

function sizeOf(value) {
  demand(Number.isSafeInteger(value) && value >= 0, "trust", "not a size");
  return BigInt(value);
}

// -- bytes and texts

function demand(holds, step, reason) {
  if (!holds) throw new BadProof(step, reason);
}

function members(value, names, step) {
  const exact = isObject(value) && Object.keys(value).length === names.length
    && names.every((name) => Object.hasOwn(value, name));
  demand(exact, step, "members are not the expected ones");
  return value;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value, step) {
  demand(typeof value === "string", step, "not a string");
  return value;
}

function decimal(value, step) {
  demand(/^(0|[1-9][0-9]{0,18})$/.test(value) && BigInt(value) <= MAX_SIZE, step,
    "not a canonical decimal number");
  return BigInt(value);
}

function fromBase64(value, step) {
  demand(/^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0, step, "not base64");
  const binary = atob(value);
  demand(btoa(binary) === value, step, "base64 is not canonical");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function fromBase64url(value, step) {
  demand(/^[A-Za-z0-9_-]*$/.test(text(value, step)) && value.length % 4 !== 1, step,
    "not base64url");
  const standard = value.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(standard + "=".repeat((4 - (value.length % 4)) % 4), step);
}

function hash32(value, step) {
  const raw = fromBase64url(value, step);
  demand(raw.length === 32, step, "a hash has 32 bytes");
  return raw;
}

function base64Hash(value) {
  const raw = fromBase64(value, "checkpoint");
  demand(raw.length === 32, "checkpoint", "a hash has 32 bytes");
  return raw;
}

function base58(value) {
  const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  demand(value[0] === "z" && value.length <= 512, "key", "not base58btc multibase");
  let number = 0n, zeros = 0;
  for (const character of value.slice(1)) {
    const digit = alphabet.indexOf(character);
    demand(digit >= 0, "key", "not base58btc");
    number = number * 58n + BigInt(digit);
    if (number === 0n) zeros += 1;
  }
  const bytes = [];
  for (; number; number >>= 8n) bytes.unshift(Number(number & 255n));
  return Uint8Array.from([...Array(zeros).fill(0), ...bytes]);
}

function utf8(value) {
  return new TextEncoder().encode(value);
}

function decodeUtf8(raw) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
}

function concat(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function lp(part) {
  return concat(bytes(BigInt(part.length), 4), part);
}

function same(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function hex(raw) {
  return [...raw].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bigint(raw) {
  return raw.length ? BigInt("0x" + hex(raw)) : 0n;
}

function bytes(number, length) {
  const digits = number.toString(16).padStart(2 * length, "0");
  return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
}

// -- hashes

async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

function hashing(name) {
  const digest = new Map([["SM3", sm3], ["SHA256", sha256]]).get(name);
  demand(digest, "log", "a hash this verifier does not know");
  return {
    leaf: async (entry) => digest(concat([0], entry)),
    node: async (left, right) => digest(concat([1], left, right)),
  };
}

const rotate = (x, n) => ((x << n % 32) | (x >>> (32 - (n % 32)) % 32)) >>> 0;
const p0 = (x) => x ^ rotate(x, 9) ^ rotate(x, 17);
const p1 = (x) => x ^ rotate(x, 15) ^ rotate(x, 23);

/** SM3, GB/T 32905. */
export function sm3(data) {
  const length = Math.ceil((data.length + 9) / 64) * 64;
  const padded = new Uint8Array(length);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(length - 8, Math.floor(data.length / 0x20000000));
  view.setUint32(length - 4, (data.length << 3) >>> 0);
  let state = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
    0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
  for (let at = 0; at < length; at += 64) state = compress(state, view, at);
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, at) => out.setUint32(4 * at, word));
  return new Uint8Array(out.buffer);
}

function compress(state, view, at) {
  const w = Array.from({ length: 16 }, (_, j) => view.getUint32(at + 4 * j));
  for (let j = 16; j < 68; j += 1) {
    w[j] = (p1(w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)) ^ rotate(w[j - 13], 7) ^ w[j - 6]) >>> 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let j = 0; j < 64; j += 1) {
    const early = j < 16;
    const turned = rotate(early ? 0x79cc4519 : 0x7a879d8a, j);
    const ss1 = rotate((rotate(a, 12) + e + turned) >>> 0, 7);
    const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = early ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + ((ss1 ^ rotate(a, 12)) >>> 0) + ((w[j] ^ w[j + 4]) >>> 0)) >>> 0;
    const tt2 = (gg + h + ss1 + w[j]) >>> 0;
    [a, b, c, d] = [tt1, a, rotate(b, 9), c];
    [e, f, g, h] = [p0(tt2) >>> 0, e, rotate(f, 19), g];
  }
  return [a, b, c, d, e, f, g, h].map((word, j) => (word ^ state[j]) >>> 0);
}

function hmacSm3(key, message) {
  const pad = (byte) => Uint8Array.from({ length: 64 }, (_, at) => (key[at] ?? 0) ^ byte);
  return sm3(concat(pad(0x5c), sm3(concat(pad(0x36), message))));
}

// -- SM2, GB/T 32918: verification only

const P = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn;
const A = P - 3n;
const B = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;
const N = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const G = [0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n];

const mod = (x, m) => ((x % m) + m) % m;

function power(base, exponent, m) {
  let result = 1n;
  for (let b = mod(base, m), e = exponent; e; e >>= 1n, b = (b * b) % m) {
    if (e & 1n) result = (result * b) % m;
  }
  return result;
}

function decompress(raw) {
  const x = bigint(raw.slice(1));
  const square = mod(x * x * x + A * x + B, P);
  const root = power(square, (P + 1n) / 4n, P);
  const good = [2, 3].includes(raw[0]) && x < P && (root * root) % P === square;
  demand(good, "key", "not a point of the curve");
  return [x, (root & 1n) === BigInt(raw[0] & 1) ? root : P - root];
}

// Jacobian coordinates; null is the point at infinity.
function double(point) {
  if (point === null || point[1] === 0n) return null;
  const [x, y, z] = point;
  const zz = (z * z) % P, yy = (y * y) % P;
  const s = mod(4n * x * yy, P);
  const m = mod(3n * (x - zz) * (x + zz), P); // a = -3
  const x3 = mod(m * m - 2n * s, P);
  return [x3, mod(m * (s - x3) - 8n * yy * yy, P), mod(2n * y * z, P)];
}

function add(p, q) {
  if (p === null) return q;
  if (q === null) return p;
  const z1 = (p[2] * p[2]) % P, z2 = (q[2] * q[2]) % P;
  const u1 = (p[0] * z2) % P, u2 = (q[0] * z1) % P;
  const s1 = (((p[1] * z2) % P) * q[2]) % P, s2 = (((q[1] * z1) % P) * p[2]) % P;
  if (u1 === u2) return s1 === s2 ? double(p) : null;
  const h = mod(u2 - u1, P), r = mod(s2 - s1, P);
  const hh = (h * h) % P, hhh = (hh * h) % P, v = (u1 * hh) % P;
  const x3 = mod(r * r - hhh - 2n * v, P);
  return [x3, mod(r * (v - x3) - s1 * hhh, P), (((h * p[2]) % P) * q[2]) % P];
}

/** Whether 64 bytes r||s are this key's SM2-with-SM3 signature, ID 1234567812345678. */
export function sm2Verify([x, y], message, signature) {
  const r = bigint(signature.slice(0, 32)), s = bigint(signature.slice(32));
  if (signature.length !== 64 || r < 1n || r >= N || s < 1n || s >= N) return false;
  const t = (r + s) % N;
  if (t === 0n) return false;
  const curve = [A, B, ...G, x, y].map((number) => bytes(number, 32));
  const identity = sm3(concat([0, 128], utf8("1234567812345678"), ...curve));
  const e = bigint(sm3(concat(identity, message)));
  const base = [...G, 1n], key = [x, y, 1n], both = add(base, key);
  let point = null;
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    point = double(point);
    const inS = (s >> bit) & 1n, inT = (t >> bit) & 1n;
    if (inS || inT) point = add(point, inS && inT ? both : inS ? base : key);
  }
  if (point === null) return false;
  const z = power(point[2], P - 2n, P);
  const affine = (((point[0] * z) % P) * z) % P;
  return (e + affine) % N === r;
}

// -- evidence of Ethereum's chains: what evidence/evm.py checks

const EVM_MEMBERS = {
  RECEIPT_MPT: ["header", "index", "proof"],
  STORAGE_MPT: ["header", "log", "size", "accountProof", "storageProof"],
  READ_QUORUM: ["header", "index", "proof", "blockHash"],
};
const BFT_MIX_HASH = "63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365";

/** A chain of kind EVM in a trust file. */
export function readEvmChain(entry) {
  members(entry, ["kind", "chain", "genesis", "registry", "codeHash", "validators"], "chain");
  demand(/^eip155:[1-9][0-9]{0,19}$/.test(text(entry.chain, "chain")), "chain", "malformed name");
  demand(Array.isArray(entry.validators) && entry.validators.length <= 64, "chain", "validators");
  const epochs = entry.validators.map((epoch) => {
    members(epoch, ["fromBlock", "toBlock", "addresses"], "validators");
    const { fromBlock, toBlock, addresses } = epoch;
    demand([fromBlock, toBlock ?? 0].every(Number.isSafeInteger), "validators", "not a height");
    demand(Array.isArray(addresses) && addresses.length && addresses.length <= 100,
      "validators", "not a list");
    const found = addresses.map((address) => hex(fromHex(address, 20)));
    demand(new Set(found).size === found.length, "validators", "an address twice");
    return { from: BigInt(fromBlock), to: toBlock === null ? null : BigInt(toBlock), found };
  });
  fromHex(entry.genesis, 32);
  return { kind: "EVM", chain: entry.chain, registry: fromHex(entry.registry, 20),
    codeHash: fromHex(entry.codeHash, 32), epochs };
}

/** The head that evidence puts on a chain; BadProof otherwise. */
export function checkEvm(kind, evidence, chain) {
  demand(Object.hasOwn(EVM_MEMBERS, kind), "anchor", "unknown kind of evidence");
  members(evidence, EVM_MEMBERS[kind], "anchor");
  const header = readHeader(fromBase64url(evidence.header, "anchor"));
  const sealed = kind !== "READ_QUORUM";
  if (!sealed) {
    demand(!isBft(header), "anchor", "a sealed header is believed by its seals only");
    demand(hex(blockHash(header)) === hex(hash32(evidence.blockHash, "anchor")), "anchor",
      "not the block that the evidence names");
  }
  const head = kind === "STORAGE_MPT" ? storedRoot(evidence, header, chain)
    : anchoredEvent(evidence, header, chain);
  if (sealed) checkSeals(header, chain); // last, as it costs most
  return { ...head, blockNumber: header.number, blockHash: blockHash(header),
    blockTime: header.time, consensus: sealed };
}

function anchoredEvent(evidence, header, chain) {
  const index = decimal(text(evidence.index, "anchor"), "anchor");
  const raw = trieValue(header.receiptsRoot, rlpEncode(spelled(index)), trieNodes(evidence.proof));
  const receipt = rlpDecode(raw[0] < 0x80 ? raw.slice(1) : raw);
  demand(Array.isArray(receipt) && receipt.length === 4 && Array.isArray(receipt[3])
    && receipt[3].length <= 64, "anchor", "not a receipt");
  demand(hex(octets(receipt[0])) === "01" && octets(receipt[2]).length === 256, "anchor", "failed");
  const topic = hex(keccak256(utf8("Anchored(bytes32,uint64,bytes32,bytes32)")));
  const logs = receipt[3].map(readLog).filter(
    (log) => same(log.address, chain.registry) && log.topics.length && hex(log.topics[0]) === topic);
  demand(logs.length === 1, "anchor", "not exactly one anchor of the registry");
  const [{ topics, data }] = logs;
  demand(topics.length === 3 && data.length === 64 && bigint(topics[2]) <= MAX_SIZE, "anchor",
    "the event is not of the registry's form");
  return { logId: topics[1], treeSize: bigint(topics[2]), root: data.slice(0, 32) };
}

function readLog(item) {
  demand(Array.isArray(item) && item.length === 3 && Array.isArray(item[1]), "anchor", "an event");
  const log = { address: octets(item[0]), topics: item[1].map(octets), data: octets(item[2]) };
  demand(log.address.length === 20 && log.topics.length <= 4
    && log.topics.every((topic) => topic.length === 32), "anchor", "an event");
  return log;
}

function storedRoot(evidence, header, chain) {
  const logId = hash32(evidence.log, "anchor");
  const treeSize = decimal(text(evidence.size, "anchor"), "anchor");
  const nodes = trieNodes(evidence.accountProof);
  const account = rlpDecode(trieValue(header.stateRoot, keccak256(chain.registry), nodes));
  demand(Array.isArray(account) && account.length === 4
    && same(octets(account[3]), chain.codeHash), "anchor", "other code at the registry's address");
  const slot = keccak256(concat(bytes(treeSize, 32), keccak256(concat(logId, bytes(2n, 32)))));
  const raw = trieValue(octets(account[2]), keccak256(slot), trieNodes(evidence.storageProof));
  const root = octets(rlpDecode(raw));
  demand(root.length && root.length <= 32, "anchor", "the slot holds no root");
  return { logId, treeSize, root: bytes(bigint(root), 32) };
}

function readHeader(raw) {
  demand(raw.length <= 4096, "anchor", "a header too long");
  const items = rlpDecode(raw);
  demand(Array.isArray(items) && items.length >= 15 && items.length < 30, "anchor", "no header");
  const fields = items.map(octets);
  demand([0, 1, 3, 4, 5, 13].every((at) => fields[at].length === 32) && fields[2].length === 20,
    "anchor", "a hash has 32 bytes");
  const seconds = rlpNumber(fields[11]);
  demand(seconds <= MAX_TIME, "anchor", "a time beyond all years");
  return { items, stateRoot: fields[3], receiptsRoot: fields[5], number: rlpNumber(fields[8]),
    time: new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z"), extra: fields[12] };
}

function isBft(header) {
  return hex(header.items[13]) === BFT_MIX_HASH;
}

function blockHash(header) {
  if (!isBft(header)) return keccak256(rlpEncode(header.items));
  const extra = readExtra(header.extra);
  return headerHash(header, [extra[0], extra[1], extra[2], new Uint8Array(), []]);
}

function headerHash(header, extra) {
  const items = [...header.items];
  items[12] = rlpEncode(extra);
  return keccak256(rlpEncode(items));
}

function readExtra(raw) {
  const extra = rlpDecode(raw);
  demand(Array.isArray(extra) && extra.length === 5, "anchor", "extraData is not that of QBFT");
  for (const [list, length] of [[extra[1], 20], [extra[4], 65]]) {
    demand(Array.isArray(list) && list.length <= 100
      && list.every((item) => octets(item).length === length)
      && new Set(list.map(hex)).size === list.length, "anchor", "malformed extraData");
  }
  return extra;
}

function checkSeals(header, chain) {
  const epoch = chain.epochs.find(({ from, to }) => from <= header.number
    && (to === null || header.number < to));
  demand(epoch, "anchor", "the trust file names no validators for this block");
  const [vanity, validators, vote, round, seals] = readExtra(header.extra);
  demand(validators.map(hex).sort().join() === [...epoch.found].sort().join(), "anchor",
    "the header's validators are not the configured ones");
  const digest = headerHash(header, [vanity, validators, vote, round, []]);
  const signers = new Set();
  for (const seal of seals) {
    const signer = hex(ecSigner(digest, seal));
    demand(!signers.has(signer) && epoch.found.includes(signer), "anchor",
      "a seal is repeated, does not hold, or is of somebody else");
    signers.add(signer);
  }
  demand(signers.size >= Math.ceil(2 * epoch.found.length / 3), "anchor", "too few seals");
}

function trieNodes(list) {
  demand(Array.isArray(list) && list.length > 0 && list.length <= 64, "anchor", "not nodes");
  const nodes = list.map((node) => fromBase64url(node, "anchor"));
  demand(nodes.every((node) => node.length <= 1024), "anchor", "a node that is too long");
  return nodes;
}

/** The value of a key below a root; every node is used, none is left over. */
function trieValue(root, key, nodes) {
  let path = nibbles(key), reference = root, at = 0;
  const load = (named) => {
    if (Array.isArray(named)) {
      demand(rlpEncode(named).length < 32, "anchor", "a long node must be named by its hash");
      return named;
    }
    demand(named.length === 32 && at < nodes.length, "anchor", "a node is missing");
    const raw = nodes[at];
    at += 1;
    demand(same(keccak256(raw), named), "anchor", "a node is not the one its parent names");
    const node = rlpDecode(raw);
    demand(Array.isArray(node), "anchor", "a node is a list");
    return node;
  };
  const ended = (item) => {
    demand(octets(item).length && at === nodes.length, "anchor", "no value, or nodes left over");
    return item;
  };
  for (;;) {
    const node = load(reference);
    if (node.length === 17) {
      if (!path.length) return ended(node[16]);
      [reference, path] = [node[path[0]], path.slice(1)];
      continue;
    }
    demand(node.length === 2, "anchor", "a node has 2 or 17 items");
    const prefix = octets(node[0]);
    demand(prefix.length && prefix[0] >> 4 <= 3, "anchor", "malformed path");
    const flag = prefix[0] >> 4, halves = nibbles(prefix);
    demand(flag & 1 || !halves[1], "anchor", "padding is not zero");
    const step = halves.slice(flag & 1 ? 1 : 2), ends = Boolean(flag & 2);
    demand(step.every((half, spot) => half === path[spot]) && (ends || step.length), "anchor",
      "the key is not in the trie");
    path = path.slice(step.length);
    if (ends) {
      demand(!path.length, "anchor", "the key is not in the trie");
      return ended(node[1]);
    }
    reference = node[1];
  }
}

function nibbles(key) {
  return [...key].flatMap((byte) => [byte >> 4, byte & 15]);
}

function octets(item) {
  demand(item instanceof Uint8Array, "anchor", "a list where bytes belong");
  return item;
}

function rlpNumber(raw) {
  demand(raw.length <= 8 && raw[0] !== 0, "anchor", "not a number in its shortest form");
  return bigint(raw);
}

function spelled(number) {
  return number ? bytes(number, Math.ceil(number.toString(16).length / 2)) : new Uint8Array();
}

function rlpEncode(item) {
  if (item instanceof Uint8Array) {
    return item.length === 1 && item[0] < 0x80 ? item : concat(rlpLength(item.length, 0x80), item);
  }
  const body = concat(...item.map(rlpEncode));
  return concat(rlpLength(body.length, 0xc0), body);
}

function rlpLength(length, offset) {
  if (length < 56) return Uint8Array.of(offset + length);
  const digits = spelled(BigInt(length));
  return concat([offset + 55 + digits.length], digits);
}

function rlpDecode(raw) {
  const [item, end] = rlpItem(raw, 0, raw.length, 16);
  demand(end === raw.length, "anchor", "bytes after the item");
  return item;
}

function rlpItem(raw, at, limit, depth) {
  demand(at < limit && depth, "anchor", "ends too early, or nests too deep");
  const first = raw[at];
  if (first < 0x80) return [raw.slice(at, at + 1), at + 1];
  let start = at + 1, size = first - (first < 0xc0 ? 0x80 : 0xc0);
  if (size > 55) {
    const digits = raw.slice(start, start + size - 55);
    start += size - 55;
    const length = bigint(digits);
    demand(digits.length && digits[0] && length >= 56n && length <= 65536n, "anchor", "a length");
    size = Number(length);
  }
  demand(start + size <= limit, "anchor", "ends too early");
  const end = start + size;
  if (first < 0xc0) {
    const item = raw.slice(start, end);
    demand(item.length !== 1 || item[0] >= 0x80, "anchor", "a small byte stands for itself");
    return [item, end];
  }
  const parts = [];
  while (start < end) {
    const [part, next] = rlpItem(raw, start, end, depth - 1);
    parts.push(part);
    start = next;
  }
  return [parts, end];
}

function fromHex(value, length) {
  demand(typeof value === "string" && value.length === 2 + 2 * length
    && /^0x[0-9a-fA-F]*$/.test(value), "chain", "not hexadecimal digits");
  return bytes(BigInt(value), length);
}

/** Keccak-256 with the padding from before SHA-3. */
export function keccak256(data) {
  const padded = new Uint8Array(Math.ceil((data.length + 1) / 136) * 136);
  padded.set(data);
  padded[data.length] = 1;
  padded[padded.length - 1] |= 0x80;
  const view = new DataView(padded.buffer), lanes = new BigUint64Array(25);
  for (let at = 0; at < padded.length; at += 136) {
    for (let lane = 0; lane < 17; lane += 1) lanes[lane] ^= view.getBigUint64(at + 8 * lane, true);
    keccakRounds(lanes);
  }
  const out = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 4; lane += 1) out.setBigUint64(8 * lane, lanes[lane], true);
  return new Uint8Array(out.buffer);
}

function keccakRounds(lanes) {
  const turned = (lane, by) => BigInt.asUintN(64, (lane << by) | (lane >> (64n - by)));
  let register = 1;
  for (let round = 0; round < 24; round += 1) {
    const columns = [0, 1, 2, 3, 4].map((x) => lanes[x] ^ lanes[x + 5] ^ lanes[x + 10]
      ^ lanes[x + 15] ^ lanes[x + 20]);
    for (let at = 0; at < 25; at += 1) {
      lanes[at] ^= columns[(at + 4) % 5] ^ turned(columns[(at + 1) % 5], 1n);
    }
    let [x, y, moved] = [1, 0, lanes[1]];
    for (let step = 0; step < 24; step += 1) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const kept = lanes[x + 5 * y];
      lanes[x + 5 * y] = turned(moved, BigInt(((step + 1) * (step + 2) / 2) % 64));
      moved = kept;
    }
    for (let row = 0; row < 25; row += 5) {
      const old = lanes.slice(row, row + 5);
      for (let at = 0; at < 5; at += 1) {
        lanes[row + at] = old[at] ^ (BigInt.asUintN(64, ~old[(at + 1) % 5]) & old[(at + 2) % 5]);
      }
    }
    for (let power = 0; power < 7; power += 1) {
      if (register & 1) lanes[0] ^= 1n << BigInt((1 << power) - 1);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
  }
}

// secp256k1; Jacobian coordinates, null is the point at infinity
const EC_P = 2n ** 256n - 2n ** 32n - 977n;
const EC_N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const EC_G = [0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n, 1n];

/** The address that signed a digest: 65 bytes r, s and parity; a high s is refused. */
function ecSigner(digest, signature) {
  const r = bigint(signature.slice(0, 32)), s = bigint(signature.slice(32, 64));
  const odd = signature[64];
  demand(signature.length === 65 && odd <= 1 && r > 0n && r < EC_N && s > 0n && s <= EC_N / 2n,
    "anchor", "r, s or parity is out of range");
  const square = (r * r * r + 7n) % EC_P;
  const y = power(square, (EC_P + 1n) / 4n, EC_P);
  demand((y * y) % EC_P === square, "anchor", "r is no point of the curve");
  const point = [r, (y & 1n) === BigInt(odd) ? y : EC_P - y, 1n];
  const inverse = power(r, EC_N - 2n, EC_N);
  const ofG = mod(-bigint(digest) * inverse, EC_N), ofPoint = (s * inverse) % EC_N;
  const both = ecAdd(EC_G, point);
  let total = null;
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    total = ecDouble(total);
    const g = (ofG >> bit) & 1n, p = (ofPoint >> bit) & 1n;
    if (g || p) total = ecAdd(total, g && p ? both : g ? EC_G : point);
  }
  demand(total !== null, "anchor", "the key would be the point at infinity");
  const z = power(total[2], EC_P - 2n, EC_P), zz = (z * z) % EC_P;
  const key = concat(bytes((total[0] * zz) % EC_P, 32), bytes((total[1] * zz * z) % EC_P, 32));
  return keccak256(key).slice(12);
}

function ecDouble(point) {
  if (point === null) return null;
  const [x, y, z] = point;
  const yy = (y * y) % EC_P, s = (4n * x * yy) % EC_P, m = (3n * x * x) % EC_P;
  const out = mod(m * m - 2n * s, EC_P);
  return [out, mod(m * (s - out) - 8n * yy * yy, EC_P), (2n * y * z) % EC_P];
}

function ecAdd(p, q) {
  if (p === null) return q;
  if (q === null) return p;
  const z1 = (p[2] * p[2]) % EC_P, z2 = (q[2] * q[2]) % EC_P;
  const u1 = (p[0] * z2) % EC_P, u2 = (q[0] * z1) % EC_P;
  const s1 = (p[1] * z2 * q[2]) % EC_P, s2 = (q[1] * z1 * p[2]) % EC_P;
  if (u1 === u2) return s1 === s2 ? ecDouble(p) : null;
  const h = mod(u2 - u1, EC_P), r = mod(s2 - s1, EC_P);
  const hh = (h * h) % EC_P, hhh = (hh * h) % EC_P, v = (u1 * hh) % EC_P;
  const out = mod(r * r - hhh - 2n * v, EC_P);
  return [out, mod(r * (v - out) - s1 * hhh, EC_P), (((h * p[2]) % EC_P) * q[2]) % EC_P];
}

// -- as a program

if (typeof process !== "undefined" && process.argv?.[1] && import.meta.url === `file://${process.argv[1]}`) {
  const { readFileSync } = await import("node:fs");
  try {
    const [proof, trust] = process.argv.slice(2);
    const verdict = await verifyBundle(new Uint8Array(readFileSync(proof)), readFileSync(trust, "utf8"));
    console.log(`PROVED: ${verdict.kind} is entry ${verdict.leafIndex} of ${verdict.origin}, `
      + `on the log by ${verdict.time}; trust ${verdict.trust}`);
  } catch (fault) {
    if (!(fault instanceof BadProof)) throw fault;
    console.log(`REFUSED at step ${fault.step}: ${fault.reason}`);
    process.exitCode = 1;
  }
}

// What a frame of a resumable subscription says of its place in the feed. Pure.
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

export const frameOf = (payload) => {
  const root = Object.values(payload?.data ?? {}).find(isObject);
  return root && ('sequence' in root || 'heartbeat' in root || 'cursor' in root) ? root : null;
};

// Something whose proof the frame tells: the first object in it that has a chainProof.
export const provedIn = (value) => {
  if (!isObject(value)) return null;
  if (isObject(value.chainProof)) return { id: value.id ?? null, proof: value.chainProof };
  return Object.values(value).reduce((found, each) => found ?? provedIn(each), null);
};

// `before` is the position that was reached, null where none is known. A frame at or before it is
// a repeat; `prevSequence` after it is a gap; a heartbeat moves it, as events do.
export const placeOf = (frame, before) => {
  if (!Number.isInteger(frame?.sequence)) return { position: before };
  const { sequence, headSequence, prevSequence, heartbeat } = frame;
  const known = before !== null && before !== undefined;
  const repeat = known && !heartbeat && sequence <= before;
  const gap = known && !repeat && Number.isInteger(prevSequence) && prevSequence > before;
  return {
    sequence,
    lag: Number.isInteger(headSequence) ? Math.max(0, headSequence - sequence) : null,
    mark: repeat ? 'repeat' : gap ? 'gap' : null,
    missed: gap ? [before + 1, prevSequence] : null,
    watchesGaps: 'prevSequence' in frame,
    position: known ? Math.max(before, sequence) : sequence,
  };
};

// A run that says `after` goes on where the frame with this cursor stood.
export const startOf = (entries, variables) => {
  const given = new Set(Object.values(variables ?? {}).filter((each) => typeof each === 'string'));
  const known = entries.find((entry) => given.has(entry.cursor));
  return known?.place?.sequence ?? null;
};

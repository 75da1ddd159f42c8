// The path of a proof as a picture: the root above, the leaf below, at each level the node that was
// computed and the sibling that the proof gives. The same hashes stand in full in the list below it.
const WIDTH = 320;
const LEVEL = 64;
const BOX = { width: 132, height: 34 };
const LEFT = BOX.width / 2 + 8;
const RIGHT = WIDTH - LEFT;

const short = (hash) => `${hash.slice(0, 8)}…${hash.slice(-4)}`;

const Node = ({ x, y, kind, title, hash }) => (
  <g className={`merkle-node merkle-${kind}`}>
    <rect x={x - BOX.width / 2} y={y} width={BOX.width} height={BOX.height} rx="6" />
    <text x={x} y={y + 14} className="merkle-title">
      {title}
    </text>
    <text x={x} y={y + 28}>
      {short(hash)}
    </text>
  </g>
);

const Line = ({ from, to, y, kind }) => (
  <line className={`merkle-line merkle-${kind}`} x1={from} y1={y} x2={to} y2={y - LEVEL + BOX.height} />
);

// Level 0 is the leaf. A node stands on the side that its sibling leaves free.
const levelsOf = ({ leafHash, steps }) =>
  [leafHash, ...steps.map((step) => step.node)].map((hash, level) => ({
    hash,
    step: steps[level] ?? null,
    x: steps[level] ? (steps[level].left ? RIGHT : LEFT) : WIDTH / 2,
  }));

const titleOf = (level, last, leafIndex) =>
  level === 0 ? `leaf ${leafIndex}` : level === last ? 'root, computed' : `node ${level}`;

export const MerklePath = ({ drawn }) => {
  const levels = levelsOf(drawn);
  const last = levels.length - 1;
  const kind = drawn.fault ? 'failed' : 'held';
  const y = (level) => (last - level) * LEVEL + LEVEL;
  return (
    <svg
      className="merkle"
      viewBox={`0 0 ${WIDTH} ${(last + 2) * LEVEL - LEVEL + BOX.height + 8}`}
      role="img"
      aria-label={`Path of leaf ${drawn.leafIndex} over ${drawn.steps.length} levels to the root of ${
        drawn.treeSize} entries: ${drawn.fault ?? 'it leads to the signed root'}`}
    >
      <Node x={WIDTH / 2} y={4} kind={kind} title={`root, signed (${drawn.treeSize})`} hash={drawn.root} />
      <text className={`merkle-sign merkle-${kind}`} x={WIDTH / 2} y={LEVEL - 10}>
        {drawn.fault ? '≠' : '='}
      </text>
      {levels.map(({ hash, step, x }, level) => {
        const sibling = step && WIDTH - x;
        return (
          <g key={level}>
            {step && <Line from={x} to={levels[level + 1].x} y={y(level)} kind={kind} />}
            {step && <Line from={sibling} to={levels[level + 1].x} y={y(level)} kind="sibling" />}
            <Node x={x} y={y(level)} kind={kind} title={titleOf(level, last, drawn.leafIndex)} hash={hash} />
            {step && (
              <Node x={sibling} y={y(level)} kind="sibling" title="sibling, given" hash={step.sibling} />
            )}
          </g>
        );
      })}
    </svg>
  );
};

export const PathInWords = ({ drawn }) => (
  <details className="merkle-words">
    <summary>Every hash in full</summary>
    <ol>
      <li>
        leaf {drawn.leafIndex} of {drawn.treeSize} <code>{drawn.leafHash}</code>
      </li>
      {drawn.steps.map((step, at) => (
        <li key={at}>
          sibling on the {step.left ? 'left' : 'right'} <code>{step.sibling}</code> makes{' '}
          <code>{step.node}</code>
        </li>
      ))}
      <li>
        root, signed <code>{drawn.root}</code>
      </li>
    </ol>
  </details>
);

// A ZIP of files as they are, without compression (APPNOTE 6.3.10). Pure.
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

const crc32 = (raw) => {
  let value = 0xffffffff;
  for (const byte of raw) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
};

// Times in a ZIP are of no zone and of two seconds; these are UTC.
const dosTime = (at) => [
  (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
];

const packed = (fields) => {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let spot = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(spot, value, true);
    else view.setUint32(spot, value, true);
    spot += size;
  }
  return new Uint8Array(view.buffer);
};

const UTF8_NAMES = 0x0800;

const commonTo = ({ name, raw, at }) => [
  [2, 20], [2, UTF8_NAMES], [2, 0], [2, dosTime(at)[0]], [2, dosTime(at)[1]],
  [4, crc32(raw)], [4, raw.length], [4, raw.length], [2, name.length], [2, 0],
];

/** `files` are pairs of name and text, `made` is a moment. */
export const zipped = (files, made) => {
  const at = new Date(made);
  const utf8 = new TextEncoder();
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [path, text] of files) {
    const file = { name: utf8.encode(path), raw: utf8.encode(text), at };
    const header = packed([[4, 0x04034b50], ...commonTo(file)]);
    parts.push(header, file.name, file.raw);
    directory.push(
      packed([[4, 0x02014b50], [2, 20], ...commonTo(file), [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]),
      file.name,
    );
    offset += header.length + file.name.length + file.raw.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = packed([
    [4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0],
  ]);
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
};

// Functions of the page's own modules, called one a line: {module, name, given} in, {answer} out.
import { createInterface } from "node:readline";

const plain = async (value) =>
  value instanceof Blob ? Buffer.from(await value.arrayBuffer()).toString("base64") : value ?? null;

for await (const line of createInterface({ input: process.stdin })) {
  const { module, name, given } = JSON.parse(line);
  try {
    const from = await import(`../../gateway/graphiql/src/${module}`);
    console.log(JSON.stringify({ answer: await plain(await from[name](...given)) }));
  } catch (fault) {
    console.log(JSON.stringify({ fault: fault.stack }));
  }
}

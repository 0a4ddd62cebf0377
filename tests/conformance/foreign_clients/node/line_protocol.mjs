// One JSON document a line: {"command", ...arguments} comes in, {"result"} or {"error"} goes out.
import { createInterface } from 'node:readline';

const said = (document) => process.stdout.write(`${JSON.stringify(document)}\n`);

const described = (error) =>
  [error.name, error.code, error.error, error.error_description, error.message, error.cause?.message]
    .filter(Boolean)
    .join(' | ');

export async function serve(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...given } = JSON.parse(line);
    try {
      said({ result: (await commands[command](given)) ?? null });
    } catch (error) {
      said({ error: described(error) });
    }
  }
  process.exit(0);
}

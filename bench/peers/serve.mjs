// A peer is a process that answers one JSON object a line: {"do": NAME, …} with what NAME's handler returns.
import { createInterface } from 'node:readline';

export async function serve(handlers) {
  console.log(JSON.stringify({ ready: true }));
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = await handlers[request.do](request);
    } catch (error) {
      answer = { error: String(error?.message ?? error) };
    }
    console.log(JSON.stringify(answer ?? {}));
  }
  process.exit(0);
}

// Milliseconds of each of n runs of `step`, one after the other; `before` is not timed.
export async function timed(n, step, before = async () => {}) {
  const samples = [];
  for (let i = 0; i < n; i++) {
    const given = await before();
    const start = performance.now();
    await step(given);
    samples.push(performance.now() - start);
  }
  return { samples };
}
